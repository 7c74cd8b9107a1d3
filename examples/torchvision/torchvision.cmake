# SPDX-License-Identifier: Apache-2.0
# add_torchvision_example(<name>): the program <name> of a network with torchvision's parameter names. The calling folder
# has main.cpp, model.cpp and the NumPy script <name>.py, which draws the weights while the project is built.
include_guard()

# Debian's python3 has its numpy; others may come first in PATH.
find_program(INLAY_PYTHON3 python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(INLAY_PYTHON3 python3 REQUIRED)
execute_process(COMMAND ${INLAY_PYTHON3} -c "import numpy" RESULT_VARIABLE inlay_no_numpy OUTPUT_QUIET ERROR_QUIET)
if(inlay_no_numpy)
  message(FATAL_ERROR "${INLAY_PYTHON3} has no numpy, with which the weights are drawn; install python3-numpy")
endif()

set(torchvision_folder ${CMAKE_CURRENT_LIST_DIR})

function(add_torchvision_example name)
  set(script ${CMAKE_CURRENT_SOURCE_DIR}/${name}.py)
  set(weights ${CMAKE_CURRENT_BINARY_DIR}/${name}.safetensors)
  add_custom_command(
    OUTPUT ${weights}
    COMMAND ${INLAY_PYTHON3} -B ${script} draw ${weights}
    DEPENDS ${script} ${torchvision_folder}/layers.py
    COMMENT "drawing ${name}.safetensors"
    VERBATIM)

  add_executable(${name} main.cpp ${torchvision_folder}/classify.cpp)
  target_include_directories(${name} PRIVATE ${torchvision_folder})
  target_link_libraries(${name} PRIVATE Inlay::interpreter)
  target_compile_definitions(${name} PRIVATE MANIFEST="${CMAKE_CURRENT_BINARY_DIR}/${name}_kernels/model_kernels.json")
  inlay_add_network(${name} SOURCE model.cpp WEIGHTS ${weights} WEIGHTS_STRICT)

  # The NumPy script runs the program and compares its logits with its own.
  add_test(NAME examples.${name}.numpy COMMAND ${INLAY_PYTHON3} -B ${script} check $<TARGET_FILE:${name}> ${weights})
  set_tests_properties(examples.${name}.numpy PROPERTIES LABELS examples)
endfunction()
