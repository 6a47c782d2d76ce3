# The path model and its kernels need oneDNN only: a worker never loads libtorch (nor the OpenCV and Qt 5 it pulls in).
# libtorch is the independent reference of values and gradients, and the door for other devices (ADR 16).
find_package(OpenMP REQUIRED COMPONENTS CXX)
pathloom_library(pathloom_model
  SOURCES kernels/activations.cpp kernels/attention.cpp kernels/buffer.cpp kernels/convolution.cpp kernels/cross_entropy.cpp kernels/norms.cpp
          kernels/optimizer.cpp kernels/product_peaks.cpp kernels/products.cpp kernels/profile.cpp kernels/softmax.cpp
          blocks.cpp content_bag.cpp device_passes.cpp head.cpp logistic.cpp memory_model.cpp memory_reader.cpp mixture.cpp parameters.cpp path_model.cpp
          reader_products.cpp
          reader_spec.cpp training_run.cpp window_encoder.cpp
  LINK pathloom_spec pathloom_simd pathloom_blobs fmt::fmt
  PRIVATE_LINK OpenMP::OpenMP_CXX ${DNNL_LIBRARY} PkgConfig::Highway nlohmann_json::nlohmann_json)
target_include_directories(pathloom_model PRIVATE ${DNNL_INCLUDE})
# The hot loops are vectorised at -O3 in any build type; only fewer checks than -Ofast: no unsafe mathematics.
set_source_files_properties(kernels/activations.cpp kernels/cross_entropy.cpp kernels/norms.cpp kernels/optimizer.cpp
  kernels/softmax.cpp content_bag.cpp memory_model.cpp memory_reader.cpp mixture.cpp
  PROPERTIES COMPILE_OPTIONS "$<$<NOT:$<CONFIG:Debug>>:-O3>")

pathloom_library(pathloom_reference SOURCES reference_torch.cpp LINK pathloom_model PRIVATE_LINK ${TORCH_LIBRARIES})
target_precompile_headers(pathloom_reference PRIVATE torch_pch.h)

# Loaded by a worker at run time, and only when a CUDA device is wanted: ../lib/pathloom as seen from the programs.
add_library(pathloom_torch MODULE torch_backend.cpp torch_path.cpp)
target_link_libraries(pathloom_torch PRIVATE pathloom_model ${TORCH_LIBRARIES})
target_precompile_headers(pathloom_torch REUSE_FROM pathloom_reference)
set_target_properties(pathloom_torch PROPERTIES PREFIX "" OUTPUT_NAME pathloom-torch
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/pathloom)
install(TARGETS pathloom_torch LIBRARY DESTINATION lib/pathloom)
