// SPDX-License-Identifier: Apache-2.0
// Odd functions that saturate, from tables in registers: 32 cells of a polynomial each, so that neither an exponential
// nor a division is needed. Only where the builder has_avx512().
#ifndef INLAY_CODEGEN_TABULATEDFORMULAS_H
#define INLAY_CODEGEN_TABULATEDFORMULAS_H

namespace inlay::compiler::formulas {

// A cell is a quarter of an octave from 2^-4 on, but the first begins at 0. By cell: a centre c, chosen so that f(c)
// is within 2^-34 of a float, f(c), and the coefficients of (f(c + h) - f(c)) / h from h^0 to h^4, by interpolation in
// Chebyshev nodes; in the first cell of f(h) - h. Cells stand in the order of the low five bits of what is left of a float's bits without the last 21.

/// tanh up to 9.02.
inline constexpr float kTanhCells[7][32] = {
    {0x1.1fea62p1f, 0x1.5ff05ep1f, 0x1.9feb98p1f, 0x1.dffadap1f, 0x1.1fe926p2f, 0x1.5fe8bcp2f, 0x1.9fef0ep2f, 0x1.e0177p2f, 0x1.10695cp3f, 0x1.20a3d8p3f, 0x1.20a3d8p3f, 0x1.20a3d8p3f, 0.0f, 0x1.5feab2p-4f, 0x1.9fef68p-4f, 0x1.e0030ep-4f, 0x1.1fe8d8p-3f, 0x1.5ff404p-3f, 0x1.9fe99cp-3f, 0x1.dfed0cp-3f, 0x1.1fe9fp-2f, 0x1.5fe9d8p-2f, 0x1.9fe89cp-2f, 0x1.dff1cap-2f, 0x1.1fea7ep-1f, 0x1.5ff3b8p-1f, 0x1.9feb3cp-1f, 0x1.dfeaa6p-1f, 0x1.1fe986p0f, 0x1.5fef1ep0f, 0x1.9febaap0f, 0x1.dfe98p0f},
    {0x1.f4bc14p-1f, 0x1.fbd406p-1f, 0x1.fe75fcp-1f, 0x1.ff6f0cp-1f, 0x1.ffdf9p-1f, 0x1.fffb9cp-1f, 0x1.ffff68p-1f, 0x1.ffffecp-1f, 0x1.fffffep-1f, 0x1p0f, 0x1p0f, 0x1p0f, 0.0f, 0x1.5f0dacp-4f, 0x1.9e82eap-4f, 0x1.ddd396p-4f, 0x1.1e071cp-3f, 0x1.5c8764p-3f, 0x1.9a499ep-3f, 0x1.d7546ap-3f, 0x1.188f32p-2f, 0x1.52af0ap-2f, 0x1.8a73f6p-2f, 0x1.bfa2ecp-2f, 0x1.04f884p-1f, 0x1.314ff6p-1f, 0x1.577d94p-1f, 0x1.77ce6p-1f, 0x1.9e4d32p-1f, 0x1.c27104p-1f, 0x1.d9c122p-1f, 0x1.e87494p-1f},
    {0x1.64863ep-5f, 0x1.09e80ap-6f, 0x1.896c64p-8f, 0x1.21bef6p-9f, 0x1.0377bp-11f, 0x1.18fec6p-14f, 0x1.3000b8p-17f, 0x1.47859ep-20f, 0x1.5a969p-23f, 0.0f, 0.0f, 0.0f, 0.0f, 0x1.fc3d34p-1f, 0x1.fac1a8p-1f, 0x1.f90844p-1f, 0x1.f6036p-1f, 0x1.f12bfep-1f, 0x1.eb738p-1f, 0x1.e4e1c2p-1f, 0x1.d990cep-1f, 0x1.c7fdaap-1f, 0x1.b406dcp-1f, 0x1.9e28b4p-1f, 0x1.7afb22p-1f, 0x1.49f03p-1f, 0x1.198f2p-1f, 0x1.d851bcp-2f, 0x1.61823cp-2f, 0x1.cedcf8p-3f, 0x1.26897ep-3f, 0x1.700d5ap-4f},
    {-0x1.5cac34p-5f, -0x1.07ba98p-6f, -0x1.8838a6p-8f, -0x1.216906p-9f, -0x1.032cf4p-11f, -0x1.18bcc8p-14f, -0x1.2fbb74p-17f, -0x1.473aecp-20f, -0x1.5a40bcp-23f, 0.0f, 0.0f, 0.0f, 0.0f, -0x1.5c7986p-4f, -0x1.9a442ap-4f, -0x1.d752e8p-4f, -0x1.1872dcp-3f, -0x1.526f5ep-3f, -0x1.89d228p-3f, -0x1.be5dap-3f, -0x1.037fa2p-2f, -0x1.2da258p-2f, -0x1.4fec06p-2f, -0x1.6a1852p-2f, -0x1.8256e8p-2f, -0x1.897e32p-2f, -0x1.79c8e4p-2f, -0x1.5aae44p-2f, -0x1.1e0dfap-2f, -0x1.9736d2p-3f, -0x1.108948p-3f, -0x1.5f2096p-4f},
    {0x1.bc564ep-6f, 0x1.59e894p-7f, 0x1.03eaf8p-8f, 0x1.810a18p-10f, 0x1.599a2ap-12f, 0x1.768404p-15f, 0x1.95349ap-18f, 0x1.b47d32p-21f, 0x1.cdd67cp-24f, 0.0f, 0.0f, 0.0f, -0x1.55550ap-2f, -0x1.4b5c02p-2f, -0x1.47754p-2f, -0x1.42f14p-2f, -0x1.3b176ap-2f, -0x1.2ea682p-2f, -0x1.202f98p-2f, -0x1.0fe414p-2f, -0x1.e9395ap-3f, -0x1.987594p-3f, -0x1.4291cp-3f, -0x1.d745ap-4f, -0x1.bdde0cp-5f, 0x1.d5f4e8p-7f, 0x1.06f7d6p-4f, 0x1.84170ep-4f, 0x1.c68806p-4f, 0x1.97ee42p-4f, 0x1.33ff74p-4f, 0x1.a897d6p-5f},
    {-0x1.9611bep-7f, -0x1.515322p-8f, -0x1.0345a4p-9f, -0x1.833e5ap-11f, -0x1.67e6cep-13f, -0x1.866f1ap-16f, -0x1.a68148p-19f, -0x1.c73b2ep-22f, -0x1.e28dbp-25f, 0.0f, 0.0f, 0.0f, 0.0f, 0x1.cb7e6ep-5f, 0x1.0d4c3cp-4f, 0x1.33c9eep-4f, 0x1.6aee44p-4f, 0x1.af92cep-4f, 0x1.ed679ap-4f, 0x1.11e4a4p-3f, 0x1.32dbecp-3f, 0x1.500194p-3f, 0x1.5c09eap-3f, 0x1.584346p-3f, 0x1.3a00ap-3f, 0x1.e9652p-4f, 0x1.47700ap-4f, 0x1.6372a6p-5f, 0x1.e2c80ap-9f, -0x1.5a200ep-6f, -0x1.9be2cp-6f, -0x1.55c27ep-6f},
    {0x1.04e0a4p-8f, 0x1.f529fap-10f, 0x1.93051cp-11f, 0x1.32046cp-12f, 0x1.1b4c62p-14f, 0x1.33df98p-17f, 0x1.4d747cp-20f, 0x1.68c196p-23f, 0x1.7f21dcp-26f, 0.0f, 0.0f, 0.0f, 0x1.100ebcp-3f, 0x1.003924p-3f, 0x1.f36baep-4f, 0x1.e4747cp-4f, 0x1.ca9466p-4f, 0x1.a26528p-4f, 0x1.74aad6p-4f, 0x1.428fbap-4f, 0x1.e3dcf4p-5f, 0x1.05cb2ep-5f, 0x1.84526ap-8f, -0x1.19499ap-6f, -0x1.649bep-5f, -0x1.f8c83p-5f, -0x1.00d366p-4f, -0x1.b2ca4ep-5f, -0x1.0658fap-5f, -0x1.36a13ap-7f, 0x1.734fb4p-10f, 0x1.2e203ap-8f},
};

/// erf up to 3.95.
inline constexpr float kErfCells[7][32] = {
    {0x1.1fe9f8p1f, 0x1.5fe93ep1f, 0x1.a00c94p1f, 0x1.dce43cp1f, 0x1.f9999ap1f, 0x1.f9999ap1f, 0x1.f9999ap1f, 0x1.f9999ap1f, 0x1.f9999ap1f, 0x1.f9999ap1f, 0x1.f9999ap1f, 0x1.f9999ap1f, 0.0f, 0x1.5febfp-4f, 0x1.9fe9ccp-4f, 0x1.dff3e6p-4f, 0x1.1feedep-3f, 0x1.5fea9ep-3f, 0x1.9feb6p-3f, 0x1.dfedeap-3f, 0x1.1ff28ap-2f, 0x1.5ff0c4p-2f, 0x1.9ff36p-2f, 0x1.dfec08p-2f, 0x1.1ffdf2p-1f, 0x1.5fee74p-1f, 0x1.9ff084p-1f, 0x1.dfee58p-1f, 0x1.1fe95p0f, 0x1.5ff098p0f, 0x1.9fea14p0f, 0x1.dfe9b8p0f},
    {0x1.ff3fa6p-1f, 0x1.fff2c2p-1f, 0x1.ffff7p-1f, 0x1.fffffcp-1f, 0x1p0f, 0x1p0f, 0x1p0f, 0x1p0f, 0x1p0f, 0x1p0f, 0x1p0f, 0x1p0f, 0.0f, 0x1.8c2046p-4f, 0x1.d3b32cp-4f, 0x1.0d8cd4p-3f, 0x1.42c508p-3f, 0x1.8938a4p-3f, 0x1.cef118p-3f, 0x1.09e52ep-2f, 0x1.3c8cap-2f, 0x1.7e064ep-2f, 0x1.bcc3d8p-2f, 0x1.f85d94p-2f, 0x1.25b6f8p-1f, 0x1.5685ecp-1f, 0x1.7fb0b8p-1f, 0x1.a14cd4p-1f, 0x1.c6cc6p-1f, 0x1.e5714cp-1f, 0x1.f4f30cp-1f, 0x1.fbe4ap-1f},
    {0x1.d57f3ap-8f, 0x1.348dbap-11f, 0x1.e87e08p-16f, 0x1.1bb678p-20f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0x1.06eba8p-3f, 0x1.1ebd94p0f, 0x1.1de6e8p0f, 0x1.1ced0ep0f, 0x1.1b361cp0f, 0x1.1875ep0f, 0x1.15318ap0f, 0x1.116dfap0f, 0x1.0ae748p0f, 0x1.00ae7p0f, 0x1.e9da92p-1f, 0x1.cfcc98p-1f, 0x1.a50934p-1f, 0x1.6830eap-1f, 0x1.2a9c7cp-1f, 0x1.dfe92ep-2f, 0x1.462a9cp-2f, 0x1.5d1f58p-3f, 0x1.49f90ep-4f, 0x1.132872p-5f},
    {-0x1.07f4ecp-6f, -0x1.a79f4ap-10f, -0x1.8b907p-14f, -0x1.0703ap-18f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, -0x1.8a2e32p-4f, -0x1.d07e6ep-4f, -0x1.0b1782p-3f, -0x1.3e89ecp-3f, -0x1.818aa6p-3f, -0x1.c25a2cp-3f, -0x1.004d72p-2f, -0x1.2c3628p-2f, -0x1.60e092p-2f, -0x1.8df58p-2f, -0x1.b2bdb8p-2f, -0x1.d9a6ecp-2f, -0x1.ef2a88p-2f, -0x1.e52c32p-2f, -0x1.c1da0cp-2f, -0x1.6ed358p-2f, -0x1.dff6f8p-3f, -0x1.0c0ccep-3f, -0x1.01ea46p-4f},
    {0x1.64cc4ep-6f, 0x1.6aee48p-9f, 0x1.993ae4p-13f, 0x1.3bbdd2p-17f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, -0x1.81272p-2f, -0x1.78ad18p-2f, -0x1.75577ep-2f, -0x1.717816p-2f, -0x1.6aafe6p-2f, -0x1.5fdd3ap-2f, -0x1.531accp-2f, -0x1.44880cp-2f, -0x1.2b9784p-2f, -0x1.056348p-2f, -0x1.b59a5p-3f, -0x1.5abadap-3f, -0x1.9c4ddcp-4f, -0x1.a70d4ap-7f, 0x1.fd8402p-5f, 0x1.e4961ep-4f, 0x1.4c9eeap-3f, 0x1.4383c4p-3f, 0x1.d6a912p-4f, 0x1.1479b2p-4f},
    {-0x1.3ce24cp-6f, -0x1.bd59ep-9f, -0x1.41d6a2p-12f, -0x1.28f444p-16f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0x1.883b0ap-5f, 0x1.cd4a16p-5f, 0x1.08a3ecp-4f, 0x1.3a4f46p-4f, 0x1.79ea28p-4f, 0x1.b5ed16p-4f, 0x1.edca42p-4f, 0x1.1c46c4p-3f, 0x1.44f786p-3f, 0x1.620e5cp-3f, 0x1.72f3a2p-3f, 0x1.7547e6p-3f, 0x1.52da24p-3f, 0x1.0f8596p-3f, 0x1.74a27p-4f, 0x1.d0fd7ap-6f, -0x1.ec0fc8p-6f, -0x1.94f608p-5f, -0x1.59b0dap-5f},
    {0x1.5b84aap-7f, 0x1.6fee1cp-9f, 0x1.56fd38p-12f, 0x1.7c59b2p-16f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0x1.cd2d9p-4f, 0x1.bd41cep-4f, 0x1.b6a042p-4f, 0x1.aef236p-4f, 0x1.a1804p-4f, 0x1.8c34f2p-4f, 0x1.734b8cp-4f, 0x1.57192p-4f, 0x1.276bb8p-4f, 0x1.c05d36p-5f, 0x1.26cde4p-5f, 0x1.135cbap-6f, -0x1.626e2p-7f, -0x1.54d67ep-5f, -0x1.f95a84p-5f, -0x1.1cc66ap-4f, -0x1.f4df02p-5f, -0x1.f5fac6p-6f, -0x1.283c5ep-9f, 0x1.7468cap-7f},
};

/// f(x) by its cells, constant beyond `limit`.
template <class B>
typename B::Float oddByTable(B &b, typename B::Float x, const float (&cells)[7][32], float limit) {
  auto a = b.min(b.constant(limit), b.abs(x));
  auto cell = b.shr_arithmetic(b.bitcast_int(b.max(b.constant(0x1p-4f), a)), 21);
  auto h = b.sub(a, b.lookup(cells[0], cell));
  auto sum = b.lookup(cells[6], cell);
  for (int i = 5; i >= 2; --i) sum = b.fma(sum, h, b.lookup(cells[i], cell));
  // In the first cell the slope lacks 1, so that its rounding, and the product's, stay far below x.
  auto start = b.select(b.lt(a, b.constant(0x1.4p-4f)), h, b.lookup(cells[1], cell));
  return b.copysign(b.fma(sum, h, start), x);
}

}  // namespace inlay::compiler::formulas

#endif  // INLAY_CODEGEN_TABULATEDFORMULAS_H
