# The Debian package: `cpack -G DEB` in a build folder. Reproducible when SOURCE_DATE_EPOCH is set.
#
# Units are installed, not enabled: a rotator without a configuration has nothing to do, and the first run is an
# administrator's decision. The maintainer scripts in packaging/ make the user and tell systemd.
set(ROTATOR_MAINTAINER "rotator maintainers <rotator@packages.debian.org>" CACHE STRING "Maintainer of the package")

string(TIMESTAMP ROTATOR_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
foreach(file changelog.Debian copyright)
  configure_file(${CMAKE_CURRENT_SOURCE_DIR}/packaging/${file}.in ${CMAKE_CURRENT_BINARY_DIR}/${file} @ONLY)
endforeach()
rotator_compress(${CMAKE_CURRENT_BINARY_DIR}/changelog.Debian ${CMAKE_INSTALL_DATADIR}/doc/rotator)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/rotator)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME rotator)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "${ROTATOR_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "rotate the API keys of IBM Cloud Logs senders")
set(CPACK_PACKAGE_DESCRIPTION "Replaces the IAM API key that a logging agent sends with by a fresh one:
makes the new key, proves that it can send, publishes it where the agent
reads it, waits until the agent has moved over, and only then retires the
old one. Whatever goes wrong on the way, the agent finds a key that works.
.
Run it from a systemd timer or from cron; running it again is always right.")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "systemd | cron")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/packaging/postinst
  ${CMAKE_CURRENT_SOURCE_DIR}/packaging/prerm ${CMAKE_CURRENT_SOURCE_DIR}/packaging/postrm)
include(CPack)
