# SPDX-License-Identifier: Apache-2.0
# In the built consumer FOLDER the kernels must be made again if the weights, the model or a header that it includes
# changes, but not if nothing or only the application changes.
function(expect_kernels made change)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${FOLDER}/build RESULT_VARIABLE result OUTPUT_VARIABLE output
                  ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "the build failed after ${change}:\n${output}")
  endif()
  string(FIND "${output}" "inlayc model_kernels.o" found)
  if(made AND found EQUAL -1)
    message(FATAL_ERROR "the kernels were not made again after ${change}:\n${output}")
  elseif(NOT made AND NOT found EQUAL -1)
    message(FATAL_ERROR "the kernels were made again after ${change}:\n${output}")
  endif()
  message(STATUS "after ${change}: kernels made again: ${made}")
endfunction()

expect_kernels(OFF "no change")
foreach(file digits.safetensors model.hpp model.cpp)
  file(TOUCH ${FOLDER}/source/${file})
  expect_kernels(ON "a change of ${file}")
endforeach()
file(TOUCH ${FOLDER}/source/main.cpp)
expect_kernels(OFF "a change of main.cpp")
