# libintact_runtime: what inference on integers needs and no more (docs/embed.md). Executor stays out, and ops of training,
# embeddings and index arithmetic. The static library has the C++ functions besides the C ones.
set(training_ops accuracy adam cross_entropy fill_any_like label_smooth momentum random sgd straight_through_estimator_grad)
set(index_ops compare cumsum fill_constant_batch_size_like gather lookup_table lookup_table_v2 one_hot_v2 range strided_slice tile
              top_k top_k_v2 unstack where)
list(JOIN training_ops "|" left_out)
list(JOIN index_ops "|" index_ops)
set(left_out "/ops/(${left_out}|${index_ops})\\.cc")
set(registrar ${CMAKE_BINARY_DIR}/generated/register_inference_ops.cc)
intact_write_registrar(${registrar} register_builtin_ops OpRegistry "ir/builtin_ops.h" ops EXCEPT ${left_out})

set(objects "$<FILTER:$<TARGET_OBJECTS:intact_ops>,EXCLUDE,${left_out}|register_builtin_ops>"
            "$<FILTER:$<TARGET_OBJECTS:intact_backend>,INCLUDE,/backend/cpu/>"
            "$<FILTER:$<TARGET_OBJECTS:intact_runtime>,INCLUDE,/runtime/(arena|conv_shape|memory|integer/)>")
foreach(room base tensor ir passes interop)
  list(APPEND objects $<TARGET_OBJECTS:intact_${room}>)
endforeach()
add_library(intact_runtime_static STATIC ${objects} ${registrar})
set_target_properties(intact_runtime_static PROPERTIES OUTPUT_NAME intact_runtime EXPORT_NAME runtime_static)
target_include_directories(intact_runtime_static PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
                                                        $<INSTALL_INTERFACE:include>)
target_compile_features(intact_runtime_static PUBLIC cxx_std_20)
target_link_libraries(intact_runtime_static PRIVATE $<BUILD_INTERFACE:intact_flags>
                                            PUBLIC fmt::fmt Threads::Threads protobuf::libprotobuf-lite ${HWY_LIBRARY})

# The shared one shows its C functions alone.
add_library(intact_runtime_shared SHARED $<FILTER:$<TARGET_OBJECTS:intact_runtime>,INCLUDE,/runtime/integer/c_api>)
set_target_properties(intact_runtime_shared PROPERTIES
  OUTPUT_NAME intact_runtime EXPORT_NAME runtime VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} LINKER_LANGUAGE CXX
  LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/intact_runtime.map)
target_include_directories(intact_runtime_shared INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
                                                           $<INSTALL_INTERFACE:include>)
target_link_libraries(intact_runtime_shared PRIVATE intact_flags intact_runtime_static)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  target_sources(intact_runtime_shared PRIVATE ${CMAKE_SOURCE_DIR}/cmake/highway_targets.cc)
endif()
target_link_options(intact_runtime_shared PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/intact_runtime.map
                                                  -Wl,--gc-sections -Wl,--as-needed)
include(CheckLinkerFlag)
check_linker_flag(CXX -Wl,-z,pack-relative-relocs INTACT_HAS_RELR)
if(INTACT_HAS_RELR)
  target_link_options(intact_runtime_shared PRIVATE -Wl,-z,pack-relative-relocs)
endif()
if(NOT INTACT_SANITIZE)
  target_link_options(intact_runtime_shared PRIVATE -Wl,--no-undefined)
endif()
add_library(intact::runtime ALIAS intact_runtime_shared)
add_library(intact::runtime_static ALIAS intact_runtime_static)
