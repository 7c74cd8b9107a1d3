# SPDX-License-Identifier: Apache-2.0
# Links PROGRAM with KERNELS and the library RUNTIME. LINKS says whether that must work; if not, the linker must name the
# kernel of the program's graph as undefined.
execute_process(COMMAND ${COMPILER} ${PROGRAM} ${KERNELS} ${RUNTIME} -o ${OUTPUT} RESULT_VARIABLE result
                OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(LINKS AND NOT result EQUAL 0)
  message(FATAL_ERROR "the program does not link with its own kernels:\n${output}")
elseif(NOT LINKS)
  if(result EQUAL 0)
    message(FATAL_ERROR "the program links with the kernels of another graph")
  elseif(NOT output MATCHES "undefined (reference to|symbol).*inlay::kernel_run<[0-9]+")
    message(FATAL_ERROR "expected an undefined inlay::kernel_run<...>, found\n${output}")
  endif()
  string(REGEX MATCH "[^\n]*undefined[^\n]*kernel_run<[^\n]*" line "${output}")
  message(STATUS "refused by the linker: ${line}")
endif()
