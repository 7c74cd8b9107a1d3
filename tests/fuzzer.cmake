# SPDX-License-Identifier: Apache-2.0
# inlay_add_fuzzer(): a libFuzzer program with AddressSanitizer and UndefinedBehaviorSanitizer, and a short run as a test.
#
#   inlay_add_fuzzer(<name> SOURCES <file>...        all sources; other targets are not linked
#                    [LINK <file>...]                libraries
#                    [INCLUDES <folder>...]          besides the runtime's and the DSL's; without warnings from them
#                    CORPUS <folder>                 small inputs that every run starts from
#                    [DICTIONARY <file>]             words for libFuzzer's -dict
#                    RUNS <count> MAX_LENGTH <bytes> for the test, which has a fixed seed)
#
# clang++ compiles it in every preset, because libFuzzer comes with clang. To fuzz for hours, run the program by hand:
# <build>/tests/<folder>/<name>.dir/<name> -max_len=512 new_inputs <folder of the corpus>
include_guard()

find_program(INLAY_FUZZ_COMPILER NAMES clang++-19 clang++)

function(inlay_add_fuzzer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CORPUS;DICTIONARY;RUNS;MAX_LENGTH" "SOURCES;LINK;INCLUDES")
  if(NOT INLAY_FUZZ_COMPILER)
    message(STATUS "${name} is left out: there is no clang++")
    return()
  endif()
  list(TRANSFORM arg_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ REGEX "^[^/]")
  set(include_folders $<TARGET_PROPERTY:inlay_runtime,INTERFACE_INCLUDE_DIRECTORIES>
                      $<TARGET_PROPERTY:inlay_dsl,INTERFACE_INCLUDE_DIRECTORIES>)
  list(TRANSFORM arg_INCLUDES PREPEND -isystem)
  set(objects)
  foreach(source IN LISTS arg_SOURCES)
    cmake_path(GET source FILENAME file)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.dir/${file}.o)
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${INLAY_FUZZ_COMPILER} -std=c++20 -O1 -g -Wall -Wextra -Werror
              -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all "-I$<JOIN:${include_folders},;-I>" ${arg_INCLUDES} -MD -MF
              ${object}.d -c ${source} -o ${object}
      DEPENDS ${source}
      DEPFILE ${object}.d
      COMMENT "Building ${name} from ${file}"
      COMMAND_EXPAND_LISTS VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${name}.dir ${CMAKE_CURRENT_BINARY_DIR}/${name}.found)
  set(program ${CMAKE_CURRENT_BINARY_DIR}/${name}.dir/${name})
  add_custom_command(
    OUTPUT ${program}
    COMMAND ${INLAY_FUZZ_COMPILER} -fsanitize=fuzzer,address,undefined ${objects} ${arg_LINK} -o ${program}
    DEPENDS ${objects}
    COMMENT "Linking ${name}" VERBATIM)
  add_custom_target(${name} ALL DEPENDS ${program})

  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME folder)
  set(options -seed=1 -rss_limit_mb=2048 -timeout=20 -print_final_stats=0 -verbosity=0)
  if(arg_DICTIONARY)
    list(APPEND options -dict=${CMAKE_CURRENT_SOURCE_DIR}/${arg_DICTIONARY})
  endif()
  # New inputs go to the first folder. The corpus in the source tree is only read.
  add_test(NAME ${folder}.${name} COMMAND ${program} -runs=${arg_RUNS} -max_len=${arg_MAX_LENGTH} ${options}
                                          ${CMAKE_CURRENT_BINARY_DIR}/${name}.found
                                          ${CMAKE_CURRENT_SOURCE_DIR}/${arg_CORPUS})
endfunction()
