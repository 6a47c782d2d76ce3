# gRPC plumbing every program shares. Apart from pathloom_core, which stays free of gRPC.
pathloom_library(pathloom_rpc SOURCES ${CMAKE_CURRENT_LIST_DIR}/rpc.cpp ${CMAKE_CURRENT_LIST_DIR}/blob_wire.cpp ${CMAKE_CURRENT_LIST_DIR}/tls_probe.cpp
  LINK pathloom_core pathloom_proto gRPC::grpc++ PRIVATE_LINK nlohmann_json::nlohmann_json OpenSSL::SSL)
