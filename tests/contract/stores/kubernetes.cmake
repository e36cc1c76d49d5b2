# The Kubernetes store on a real API server, and what such a server does not show on demand.
add_library(kubernetes_bench STATIC kubernetes_bench.c)
target_link_libraries(kubernetes_bench PUBLIC rotator_flags backends rotator_http PkgConfig::CMOCKA)
add_executable(store_kubernetes test_store_kubernetes.c)
target_link_libraries(store_kubernetes PRIVATE kubernetes_bench store_suite)
add_executable(kubernetes_server test_kubernetes_server.c)
target_link_libraries(kubernetes_server PRIVATE kubernetes_bench)
foreach(program store_kubernetes kubernetes_server)
  add_test(NAME servers/${program}
    COMMAND ${PROJECT_SOURCE_DIR}/tests/servers/kubernetes/with_cluster.sh $<TARGET_FILE:${program}>)
  set_tests_properties(servers/${program} PROPERTIES LABELS servers TIMEOUT 1800 SKIP_RETURN_CODE 77)
endforeach()
rotator_test(kubernetes_faults contract SOURCES test_kubernetes_faults.c LIBS backends backends_http test_support)
rotator_test(kubernetes_settings contract SOURCES test_kubernetes_settings.c LIBS backends backends_http test_support)
