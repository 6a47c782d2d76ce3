set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # pch_defines/time_macros let ccache serve translation units that use a precompiled header.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${CCACHE_PROGRAM})
endif()

set(PATHLOOM_SANITIZE "" CACHE STRING "Sanitizers: empty, 'address' (with undefined) or 'thread'")
option(PATHLOOM_WERROR "Treat warnings as errors" OFF)

add_library(pathloom_settings INTERFACE)
target_include_directories(pathloom_settings INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(pathloom_settings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<BOOL:${PATHLOOM_WERROR}>:-Werror>)
target_compile_definitions(pathloom_settings INTERFACE PATHLOOM_VERSION="${PROJECT_VERSION}")
if(PATHLOOM_SANITIZE STREQUAL "address")
  target_compile_options(pathloom_settings INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(pathloom_settings INTERFACE -fsanitize=address,undefined)
elseif(PATHLOOM_SANITIZE STREQUAL "thread")
  target_compile_options(pathloom_settings INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(pathloom_settings INTERFACE -fsanitize=thread)
endif()
find_program(MOLD_PROGRAM NAMES ld.mold mold)
if(MOLD_PROGRAM)
  target_link_options(pathloom_settings INTERFACE -fuse-ld=mold)   # linking dominates on two cores
endif()

# A static library of one floor. Usage: pathloom_library(name SOURCES ... LINK ...)
function(pathloom_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC pathloom_settings ${ARG_LINK} PRIVATE ${ARG_PRIVATE_LINK})
endfunction()

# Qt targets: AUTOMOC and the strict defines (docs/adr/0003). QCustomPlot's own header is wrapped in widgets/plot.
add_library(pathloom_qt_settings INTERFACE)
target_compile_definitions(pathloom_qt_settings INTERFACE QT_NO_KEYWORDS QT_NO_CAST_FROM_ASCII QT_NO_CAST_TO_ASCII
  QT_NO_NARROWING_CONVERSIONS_IN_CONNECT QT_USE_QSTRINGBUILDER QT_NO_URL_CAST_FROM_STRING)
function(pathloom_qt_library name)
  pathloom_library(${name} ${ARGN})
  set_target_properties(${name} PROPERTIES AUTOMOC ON AUTORCC ON)
  target_link_libraries(${name} PUBLIC pathloom_qt_settings)
endfunction()
