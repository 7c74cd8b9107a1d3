# SPDX-License-Identifier: Apache-2.0
# Configures the consumer project SOURCE with OPTIONS in the emptied folder BUILD, builds it and runs its tests. With
# QUIET, the build must not print a warning.
file(REMOVE_RECURSE ${BUILD})
function(run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${what} failed:\n${output}")
  endif()
  if(QUIET AND output MATCHES "[Ww]arning")
    message(FATAL_ERROR "${what} has warnings:\n${output}")
  endif()
endfunction()
run("configuring" ${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} ${OPTIONS})
run("building" ${CMAKE_COMMAND} --build ${BUILD})
run("testing" ${CTEST} --test-dir ${BUILD} --output-on-failure --no-tests=error)
