# SPDX-License-Identifier: Apache-2.0
# Links PROGRAM with KERNELS and the library RUNTIME by LINKER. LINKS says whether that must work. If not, the linker
# must report the kernels of the program's graph as undefined, by a symbol with the network's name and the remedy.
execute_process(COMMAND ${COMPILER} -fuse-ld=${LINKER} ${PROGRAM} ${KERNELS} ${RUNTIME} -o ${OUTPUT}
                RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
set(named "inlay::detail::named<inlay::detail::t_, inlay::detail::h_, inlay::detail::r_, inlay::detail::e_, ")
string(APPEND named "inlay::detail::s_, inlay::detail::h_, inlay::detail::o_, inlay::detail::l_, inlay::detail::d_>")
set(expected "undefined (reference to|symbol).*inlay::no_kernels_for_this_graph_run_inlayc_again<[0-9]+ul, ${named}")
if(LINKS AND NOT result EQUAL 0)
  message(FATAL_ERROR "the program does not link with its own kernels:\n${output}")
elseif(NOT LINKS)
  if(result EQUAL 0)
    message(FATAL_ERROR "the program links with the kernels of another graph")
  elseif(NOT output MATCHES "${expected}")
    message(FATAL_ERROR "expected an undefined inlay::no_kernels_for_this_graph_run_inlayc_again<...>, found\n${output}")
  endif()
  string(REGEX MATCH "[^\n]*undefined[^\n]*no_kernels[^\n]*" line "${output}")
  message(STATUS "refused by the linker: ${line}")
endif()
