# What nearly every file includes, compiled once: a clean build takes a third less. Files still include what they use,
# which a build with -DINTACT_PCH=OFF checks.
if(INTACT_PCH)
  add_library(intact_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/empty.cc)
  target_link_libraries(intact_pch PRIVATE intact_flags fmt::fmt Threads::Threads)
  target_precompile_headers(intact_pch PRIVATE <algorithm> <functional> <map> <memory> <optional> <span> <string> <vector>
                            <fmt/format.h>)
endif()

# intact_room(<name> [LIBRARIES ...]): one object library per folder of src/, all collected in libintact.
function(intact_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  add_library(intact_${name} OBJECT ${sources} ${ROOM_SOURCES})
  target_link_libraries(intact_${name} PUBLIC intact_flags fmt::fmt Threads::Threads ${ROOM_LIBRARIES})
  if(INTACT_PCH AND NOT name STREQUAL "backend")  # whose files are compiled once per SIMD target
    target_precompile_headers(intact_${name} REUSE_FROM intact_pch)
  endif()
  set_property(GLOBAL APPEND PROPERTY INTACT_ROOMS intact_${name})
endfunction()

# intact_write_registrar(<out> <function> <argument type> <header> <folder> [EXCEPT <regex>]): writes
# void function(type& registry) calling register_<stem>(registry) for every .cc of the folder.
function(intact_write_registrar out function type header folder)
  cmake_parse_arguments(WRITE "" "EXCEPT" "" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cc)
  if(WRITE_EXCEPT)
    list(FILTER sources EXCLUDE REGEX "${WRITE_EXCEPT}")
  endif()
  set(declarations "")
  set(calls "")
  foreach(source ${sources})
    get_filename_component(stem ${source} NAME_WE)
    string(APPEND declarations "void register_${stem}(${type}& registry);\n")
    string(APPEND calls "  register_${stem}(registry);\n")
  endforeach()
  file(CONFIGURE OUTPUT ${out} @ONLY CONTENT
"// Written by the build from the names of src/${folder}/*.cc.
#include \"${header}\"

namespace intact {

${declarations}
void ${function}(${type}& registry) {
${calls}}

}  // namespace intact
")
endfunction()
