# Authentication and blob transfer: the part of the server that workers' tests also run.
pathloom_library(pathloom_blob_service
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/auth.cpp ${CMAKE_CURRENT_LIST_DIR}/blob_service.cpp
  LINK pathloom_rpc pathloom_store PRIVATE_LINK OpenSSL::Crypto)
