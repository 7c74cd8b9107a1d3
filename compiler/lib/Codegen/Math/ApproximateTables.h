// SPDX-License-Identifier: Apache-2.0
// Piecewise polynomials for the tier `approximate`. make_approximate_tables.py writes this file and explains the cells.
#ifndef INLAY_CODEGEN_APPROXIMATETABLES_H
#define INLAY_CODEGEN_APPROXIMATETABLES_H

namespace inlay::compiler::formulas {

/// Row i has the coefficient of a^i for each cell.
template <int Rows, int Count>
struct ApproximateCells {
  float rows[Rows][Count];
  float limit;  ///< of a
  float scale, start;
  int shift;  ///< of the bits of a * scale + start
};

// clang-format off

/// tanh(a) within 9.9e-05 up to 5.2.
inline constexpr ApproximateCells<3, 16> kTanhOf16 = {
    {
        {-0x1.6fa9e4p-6f, -0x1.4ddf6cp-6f, 0x1.5f498cp-5f, 0x1.55ff4ep-3f, 0x1.49a5e4p-2f, 0x1.e7e14ep-2f, 0x1.391dd6p-1f, 0x1.70c8ap-1f,
         0x1.a9e832p-1f, 0x1.d7e6fep-1f, 0x1.ee1b9cp-1f, 0x1.f84268p-1f, 0x1.0366fp0f, 0.0f, -0x1.18cb6cp-9f, -0x1.26625p-7f},
        {0x1.2736dep0f, 0x1.26a21p0f, 0x1.044d98p0f, 0x1.9e9cdp-1f, 0x1.320ffap-1f, 0x1.acc972p-2f, 0x1.21daccp-2f, 0x1.7e74b4p-3f,
         0x1.9775d4p-4f, 0x1.48e09cp-5f, 0x1.02ae3ap-6f, 0x1.8ffe3cp-8f, -0x1.7a3a0ep-8f, 0x1.00bf3cp0f, 0x1.090ebap0f, 0x1.1656a4p0f},
        {-0x1.78d9f8p-2f, -0x1.7a1d96p-2f, -0x1.31598p-2f, -0x1.b1e5d8p-3f, -0x1.1d5b46p-3f, -0x1.664a26p-4f, -0x1.b58e7p-5f, -0x1.06d1e6p-5f,
         -0x1.ec22eap-7f, -0x1.565b6ap-8f, -0x1.d9056ep-10f, -0x1.45fe8p-11f, 0x1.4431a8p-11f, -0x1.0e6656p-4f, -0x1.8309fp-3f, -0x1.2636cep-2f},
    },
    0x1.4cccccp2f, 0x1.dfffd8p-1f, 0x1.ap0f, 20};

/// tanh(a) within 6.0e-05 up to 5.2.
inline constexpr ApproximateCells<4, 8> kTanhOf8 = {
    {
        {-0x1.34fcd8p-4f, 0x1.b45022p-3f, 0x1.2c93a4p-1f, 0x1.a31558p-1f, 0x1.e3287ap-1f, 0.0f, -0x1.3e2f56p-8f, -0x1.83d5a6p-5f},
        {0x1.5b36ep0f, 0x1.b004d4p-1f, 0x1.73a956p-2f, 0x1.1166f4p-3f, 0x1.172e7p-5f, 0x1.0010ep0f, 0x1.0c1962p0f, 0x1.413f3cp0f},
        {-0x1.3dff22p-1f, -0x1.437c16p-2f, -0x1.bf8a46p-4f, -0x1.10f3cap-5f, -0x1.c71cbap-8f, -0x1.5506fp-8f, -0x1.46be9cp-3f, -0x1.00c932p-1f},
        {0x1.a0f278p-4f, 0x1.4eeaa2p-5f, 0x1.6f1c8ep-7f, 0x1.709fd2p-9f, 0x1.f2dc4ep-12f, -0x1.3bab46p-2f, -0x1.12f26cp-3f, 0x1.c738c2p-5f},
    },
    0x1.4cccccp2f, 0x1.6b1392p-1f, 0x1.5p0f, 21};

/// sigmoid(a) - 1/2 within 4.5e-05 up to 10.0.
inline constexpr ApproximateCells<3, 16> kSigmoidOf16 = {
    {
        {-0x1.390d28p-7f, -0x1.9d00bep-7f, 0x1.52c3dep-7f, 0x1.051c24p-4f, 0x1.16b946p-3f, 0x1.b2cdf6p-3f, 0x1.20811ap-2f, 0x1.5ba58p-2f,
         0x1.9a68bap-2f, 0x1.cee104p-2f, 0x1.e946ccp-2f, 0x1.f5d0ap-2f, 0x1.04d746p-1f, 0.0f, -0x1.2007b8p-11f, -0x1.9c07c2p-9f},
        {0x1.23cc4ep-2f, 0x1.29e85ep-2f, 0x1.0f6592p-2f, 0x1.bdfa62p-3f, 0x1.52da96p-3f, 0x1.e73d5p-4f, 0x1.5136bap-4f, 0x1.c6ada2p-5f,
         0x1.f24dfcp-6f, 0x1.a19052p-7f, 0x1.54738p-8f, 0x1.10a758p-9f, -0x1.181bfap-9f, 0x1.00657ap-2f, 0x1.05f4fap-2f, 0x1.11d6c6p-2f},
        {-0x1.6b7644p-5f, -0x1.82b4a4p-5f, -0x1.46e3d8p-5f, -0x1.e26528p-6f, -0x1.477f54p-6f, -0x1.a69102p-7f, -0x1.084a9p-7f, -0x1.4475b6p-8f,
         -0x1.38703cp-9f, -0x1.c31882p-11f, -0x1.42e212p-12f, -0x1.ccd20cp-14f, 0x1.f3c33ep-14f, -0x1.8a581cp-8f, -0x1.3dfbfep-6f, -0x1.0946c8p-5f},
    },
    0x1.4p3f, 0x1.efffd6p-2f, 0x1.a8p0f, 20};

/// erf(a) within 5.8e-05 up to 2.9.
inline constexpr ApproximateCells<3, 16> kErfOf16 = {
    {
        {-0x1.55e24cp-5f, -0x1.bfad24p-6f, 0x1.51e9f2p-5f, 0x1.58fc28p-3f, 0x1.58af2cp-2f, 0x1.07fbacp-1f, 0x1.5a88b4p-1f, 0x1.9b25e8p-1f,
         0x1.d53ac8p-1f, 0x1.fb4f44p-1f, 0.0f, -0x1.00bd34p-10f, -0x1.2b8a08p-8f, -0x1.78e41cp-7f, -0x1.5bbd5ap-6f, -0x1.04be46p-5f},
        {0x1.5d55b6p0f, 0x1.543bap0f, 0x1.30297p0f, 0x1.f026ap-1f, 0x1.70c1dp-1f, 0x1.f3f07cp-2f, 0x1.3593bep-2f, 0x1.5ed568p-3f,
         0x1.0b750cp-4f, 0x1.73f20ap-8f, 0x1.214ffp0f, 0x1.268528p0f, 0x1.3011e6p0f, 0x1.3c5c8ap0f, 0x1.494ce2p0f, 0x1.549a9ap0f},
        {-0x1.ec8886p-2f, -0x1.d620b8p-2f, -0x1.8c0374p-2f, -0x1.2b6952p-2f, -0x1.9a526ap-3f, -0x1.0058fap-3f, -0x1.2535a6p-4f, -0x1.33dc8p-5f,
         -0x1.a3f42cp-7f, -0x1.c7047cp-11f, -0x1.bd0d64p-5f, -0x1.479c7cp-3f, -0x1.0700a4p-2f, -0x1.5c25bp-2f, -0x1.9f6866p-2f, -0x1.ce787ap-2f},
    },
    0x1.733334p1f, 0x1.4b08b8p0f, 0x1.4p0f, 20};

/// erf(a) within 4.0e-05 up to 2.9.
inline constexpr ApproximateCells<4, 8> kErfOf8 = {
    {
        {-0x1.1c98a6p-3f, -0x1.5c8716p-7f, 0x1.09aa8ap-1f, 0x1.b95b9ep-1f, 0.0f, -0x1.f28e5p-15f, -0x1.855264p-8f, -0x1.560d96p-5f},
        {0x1.b3d108p0f, 0x1.725ec2p0f, 0x1.2e74cap-1f, 0x1.2cf8a6p-3f, 0x1.20dd82p0f, 0x1.214cc8p0f, 0x1.2e6bc6p0f, 0x1.5d60cap0f},
        {-0x1.bfb86p-1f, -0x1.69a766p-1f, -0x1.f3843cp-3f, -0x1.ad6ac4p-5f, -0x1.1722c8p-14f, -0x1.e3f1c8p-7f, -0x1.543f96p-3f, -0x1.ecec66p-2f},
        {0x1.3ac8c6p-3f, 0x1.e07a1p-4f, 0x1.151448p-5f, 0x1.9a26a8p-8f, -0x1.7fd0a4p-2f, -0x1.55727cp-2f, -0x1.73cb46p-3f, 0x1.10c368p-12f},
    },
    0x1.733334p1f, 0x1.f08d12p-1f, 0x1.3p0f, 21};

/// log(1 + exp(-a)) within 6.6e-05 up to 10.0.
inline constexpr ApproximateCells<3, 16> kSoftplusOf16 = {
    {
        {0x1.8847e2p-3f, 0x1.be140ap-4f, 0x1.e5a6d4p-5f, 0x1.001fd4p-5f, 0x1.07ac8cp-6f, 0x1.0a3e9cp-7f, -0x1.838b32p-7f, 0x1.62e43p-1f,
         0x1.61b6dp-1f, 0x1.5a8d58p-1f, 0x1.489064p-1f, 0x1.2aeb96p-1f, 0x1.04da4cp-1f, 0x1.b68ecap-2f, 0x1.65386cp-2f, 0x1.1b8d92p-2f},
        {-0x1.1aca92p-4f, -0x1.1777dcp-5f, -0x1.0c9c9p-6f, -0x1.fad2eap-8f, -0x1.d7be1ep-9f, -0x1.b28fcep-10f, 0x1.56abd2p-9f, -0x1.ffa45ap-2f,
         -0x1.f56738p-2f, -0x1.d4c2cap-2f, -0x1.9d9c5ap-2f, -0x1.59429ep-2f, -0x1.12faap-2f, -0x1.a60206p-3f, -0x1.3abb92p-3f, -0x1.cb77fap-4f},
        {0x1.a5279cp-8f, 0x1.66aaecp-9f, 0x1.2eabd4p-10f, 0x1.fcdccep-12f, 0x1.ab1072p-13f, 0x1.662b8cp-14f, -0x1.2c3ea2p-13f, 0x1.f8b946p-4f,
         0x1.cc5922p-4f, 0x1.81f7a2p-4f, 0x1.2d6c94p-4f, 0x1.bd4066p-5f, 0x1.3b7f82p-5f, 0x1.b21af2p-6f, 0x1.249f5cp-6f, 0x1.851a52p-7f},
    },
    0x1.4p3f, 0x1.266642p-3f, 0x1.7p0f, 19};

/// log(1 + exp(-a)) within 4.5e-05 up to 10.0.
inline constexpr ApproximateCells<4, 8> kSoftplusOf8 = {
    {
        {0x1.8b8416p-4f, 0x1.3acd02p-5f, 0x1.62e43p-1f, 0x1.63ed3cp-1f, 0x1.5b1a6cp-1f, 0x1.1e8b56p-1f, 0x1.88b8p-2f, 0x1.d7a5c2p-3f},
        {-0x1.24661cp-5f, -0x1.8e8e86p-7f, -0x1.001394p-1f, -0x1.051baap-1f, -0x1.eda92ap-2f, -0x1.63df96p-2f, -0x1.9e979p-3f, -0x1.aab63p-4f},
        {0x1.24df2ap-8f, 0x1.5432eep-10f, 0x1.0368e4p-3f, 0x1.253fep-3f, 0x1.071f02p-3f, 0x1.3c1b76p-4f, 0x1.30ef92p-5f, 0x1.092a0cp-6f},
        {-0x1.8c130ep-13f, -0x1.86afd4p-15f, -0x1.5c5e92p-8f, -0x1.eee8bcp-7f, -0x1.9cad3ap-7f, -0x1.8bc40ap-8f, -0x1.35a47p-9f, -0x1.c20d1ap-11f},
    },
    0x1.4p3f, 0x1.e665f4p-5f, 0x1.a8p0f, 19};

/// a sigmoid(-a) within 1.1e-04 up to 11.1.
inline constexpr ApproximateCells<3, 16> kSiluOf16 = {
    {
        {0x1.2350b6p-1f, 0x1.115fe4p-1f, 0x1.b01e06p-2f, 0x1.330658p-2f, 0x1.961ff2p-3f, 0x1.fe2e76p-4f, 0x1.341df2p-4f, 0x1.68c8ep-5f,
         0x1.2fb57ep-9f, 0.0f, 0x1.dd3d9ap-8f, 0x1.8a8ecp-5f, 0x1.1e5a08p-3f, 0x1.125396p-2f, 0x1.97dfc4p-2f, 0x1.003016p-1f},
        {-0x1.91cc74p-3f, -0x1.6cd0f4p-3f, -0x1.077226p-3f, -0x1.52f46ap-4f, -0x1.96f6a6p-5f, -0x1.d2976cp-6f, -0x1.02bc84p-6f, -0x1.17c814p-7f,
         0x1.142feep-15f, 0x1.fecc1ep-2f, 0x1.dd27f2p-2f, 0x1.7874fep-2f, 0x1.c056dap-3f, 0x1.ff94a2p-5f, -0x1.0b338cp-4f, -0x1.3057b4p-3f},
        {0x1.26a2d4p-6f, 0x1.0094f6p-6f, 0x1.4dc1dap-7f, 0x1.81068ap-8f, 0x1.a0db8ap-9f, 0x1.b2384ep-10f, 0x1.b8b96ep-11f, 0x1.b7092cp-12f,
         -0x1.6262ep-16f, -0x1.f30edp-3f, -0x1.a692f6p-3f, -0x1.2cd9fep-3f, -0x1.620a1cp-4f, -0x1.3c1a68p-5f, -0x1.df142ap-8f, 0x1.3eb22ep-7f},
    },
    0x1.633334p3f, 0x1.3759d8p-2f, 0x1.2p0f, 20};

/// a sigmoid(-a) within 9.0e-05 up to 12.3.
inline constexpr ApproximateCells<4, 8> kSiluOf8 = {
    {
        {0x1.559d58p-1f, 0x1.761c3cp-2f, 0x1.090d18p-3f, 0x1.317824p-4f, 0.0f, -0x1.087232p-10f, 0x1.9399e8p-3f, 0x1.1ac862p-1f},
        {-0x1.1bfe3cp-2f, -0x1.02208ap-3f, -0x1.2c273ep-5f, -0x1.3a95f4p-6f, 0x1.00e64ep-1f, 0x1.0779d4p-1f, 0x1.96d9bap-3f, -0x1.73ecc2p-3f},
        {0x1.493a8cp-5f, 0x1.e57184p-7f, 0x1.cad078p-9f, 0x1.b352eep-10f, -0x1.0da8fp-2f, -0x1.2b11b4p-2f, -0x1.f5c1d6p-4f, 0x1.c28da4p-7f},
        {-0x1.080f6p-9f, -0x1.35b9fcp-11f, -0x1.d8531p-14f, -0x1.941b9cp-15f, 0x1.e41c94p-6f, 0x1.8419c2p-5f, 0x1.124d14p-6f, 0x1.ab70aap-12f},
    },
    0x1.89999ap3f, 0x1.e91ae4p-3f, 0x1.1p0f, 21};

/// a Phi(-a), Phi the normal distribution, within 5.6e-05 up to 4.2.
inline constexpr ApproximateCells<3, 16> kGeluOf16 = {
    {
        {0x1.6acac2p-10f, 0x1.5a2fa6p-7f, 0x1.2c537ep-5f, 0x1.605c98p-4f, 0x1.4335dcp-3f, 0x1.f14796p-3f, 0x1.4dbbeap-2f, 0x1.9072aep-2f,
         0x1.b6b692p-2f, 0x1.7cff66p-2f, 0x1.f860c4p-3f, 0x1.062f7ap-3f, 0x1.b4a368p-5f, -0x1.757188p-7f, 0.0f, 0x1.78754ep-14f},
        {0x1.f23306p-2f, 0x1.c3cc36p-2f, 0x1.6b06eep-2f, 0x1.d949dcp-3f, 0x1.656144p-4f, -0x1.c1319cp-5f, -0x1.646a7ep-3f, -0x1.060fdep-2f,
         -0x1.30da24p-2f, -0x1.fadb8ap-3f, -0x1.347dd6p-3f, -0x1.245e96p-4f, -0x1.bc49f2p-6f, 0x1.a829dep-8f, 0x1.fff186p-2f, 0x1.fe3746p-2f},
        {-0x1.743c32p-2f, -0x1.3afd08p-2f, -0x1.e28864p-3f, -0x1.448b1ep-3f, -0x1.61f2e4p-4f, -0x1.baec76p-6f, 0x1.01631p-6f, 0x1.537b7ap-5f,
         0x1.b32dcap-5f, 0x1.579518p-5f, 0x1.7dae2ap-6f, 0x1.4849f8p-7f, 0x1.c607d6p-9f, -0x1.d534dp-11f, -0x1.97458p-2f, -0x1.8f2fdap-2f},
    },
    0x1.0cccccp2f, 0x1.3fffe6p0f, 0x1.cp0f, 20};

/// a Phi(-a), Phi the normal distribution, within 5.6e-05 up to 4.2.
inline constexpr ApproximateCells<4, 8> kGeluOf8 = {
    {
        {-0x1.33d944p-10f, -0x1.7f048ap-8f, 0x1.5ceca4p-7f, 0x1.bead0ap-3f, 0x1.2576b2p-1f, 0x1.c523bp-3f, 0.0f, -0x1.37c228p-14f},
        {0x1.069826p-1f, 0x1.141dd8p-1f, 0x1.f436fep-2f, 0x1.7c37dap-5f, -0x1.00d3c8p-1f, -0x1.52a7d6p-3f, 0x1.000356p-1f, 0x1.00dc78p-1f},
        {-0x1.ce1598p-2f, -0x1.00c2d4p-1f, -0x1.ccd254p-2f, -0x1.133bacp-3f, 0x1.308966p-3f, 0x1.52bc48p-5f, -0x1.99c0fp-2f, -0x1.a6bfe2p-2f},
        {0x1.834d1cp-4f, 0x1.0364dcp-3f, 0x1.c0adacp-4f, 0x1.16c0ap-5f, -0x1.e88f2cp-7f, -0x1.c52d5ap-9f, 0x1.0afd3ep-6f, 0x1.98fb98p-5f},
    },
    0x1.0cccccp2f, 0x1.c73cd6p1f, 0x1.1p0f, 22};

// clang-format on

}  // namespace inlay::compiler::formulas

#endif  // INLAY_CODEGEN_APPROXIMATETABLES_H
