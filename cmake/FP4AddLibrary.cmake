# fp4_add_library(<name> <source>... [DEPENDS <tablegen target>...] [LINK <library>...])
#
# A static library of the project, also known as fp4::<name without FP4>.
function(fp4_add_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  string(REGEX REPLACE "^FP4" "" _short ${name})
  add_library(fp4::${_short} ALIAS ${name})
  target_link_libraries(${name} PUBLIC fp4_common ${ARG_LINK})
  # Or CMake warns of each.
  if(NOT CMAKE_DISABLE_PRECOMPILE_HEADERS)
    target_precompile_headers(${name} REUSE_FROM FP4Precompiled)
  endif()
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# fp4_add_tool(<name> <source>... [LINK <library>...])
function(fp4_add_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE fp4_common ${ARG_LINK})
endfunction()

# fp4_generate_doc(<name> <td file> <mlir-tblgen argument>...)
#
# Writes <build>/docs/generated/<name>.md; the target fp4-doc makes all of them,
# and fp4-update-docs copies them to docs/generated, where they are kept.
function(fp4_generate_doc name td)
  set(_output ${CMAKE_BINARY_DIR}/docs/generated/${name}.md)
  set(LLVM_TARGET_DEFINITIONS ${td})
  tablegen(MLIR ${name}.md ${ARGN} "-I${PROJECT_SOURCE_DIR}/include")
  add_custom_command(OUTPUT ${_output}
    COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_BINARY_DIR}/${name}.md ${_output}
    DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/${name}.md)
  add_custom_target(${name}DocGen ALL DEPENDS ${_output})
  add_dependencies(fp4-doc ${name}DocGen)
endfunction()
