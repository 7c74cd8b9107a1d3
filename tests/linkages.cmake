# SPDX-License-Identifier: Apache-2.0
# Sets inlay_linkages to a list of "<compiler>.<linker>", for every compiler and linker that this machine has, and
# inlay_compiler_of_<linkage> and inlay_linker_of_<linkage> for each.
find_program(INLAY_CLANGXX NAMES clang++-19 clang++)
find_program(INLAY_GXX NAMES g++-12 g++)
set(inlay_linkages)
foreach(compiler IN ITEMS INLAY_GXX INLAY_CLANGXX)
  foreach(linker IN ITEMS bfd gold lld)
    find_program(INLAY_LINKER_${linker} NAMES ld.${linker})
    if(NOT ${compiler} OR NOT INLAY_LINKER_${linker})
      continue()
    endif()
    cmake_path(GET ${compiler} FILENAME short)
    set(inlay_compiler_of_${short}.${linker} ${${compiler}})
    set(inlay_linker_of_${short}.${linker} ${linker})
    list(APPEND inlay_linkages ${short}.${linker})
  endforeach()
endforeach()
