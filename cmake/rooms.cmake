# intact_room(<name> [LIBRARIES ...]): one object library per folder of src/, all collected in libintact.
function(intact_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  add_library(intact_${name} OBJECT ${sources} ${ROOM_SOURCES})
  target_link_libraries(intact_${name} PUBLIC intact_flags fmt::fmt OpenMP::OpenMP_CXX ${ROOM_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY INTACT_ROOMS intact_${name})
endfunction()

# intact_write_registrar(<out> <function> <argument type> <header> <folder>): writes
# void function(type& registry) calling register_<stem>(registry) for every .cc of the folder.
function(intact_write_registrar out function type header folder)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.cc)
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
