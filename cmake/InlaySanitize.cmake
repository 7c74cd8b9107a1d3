# SPDX-License-Identifier: Apache-2.0
# The sanitizers' flags. tests/sanitizer builds planted bugs with the same flags and checks that each bug is caught.
include_guard()

set(inlay_sanitize_options -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g)

if(INLAY_SANITIZE)
  if(INLAY_BUILD_COMPILER)
    message(FATAL_ERROR "INLAY_SANITIZE needs INLAY_BUILD_COMPILER=OFF: Debian's MLIR and LLVM are not built with "
                        "sanitizers, and containers that cross into them are reported as overflows; use "
                        "`cmake --preset sanitize`")
  endif()
  add_compile_options(${inlay_sanitize_options})
  add_link_options(${inlay_sanitize_options})
endif()
