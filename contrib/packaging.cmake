# Packages: `cpack -G DEB` (or RPM) in a build folder makes two, `rotator` and `rotator-libsecret`, so that a server without a
# desktop gets no GLib. The same tree gives the same bytes, in whatever folder, at whatever time and under whatever umask.
#
# Units are installed, not enabled: a rotator without a configuration has nothing to do, and the first run is an
# administrator's decision. The maintainer scripts in packaging/ make the user and tell systemd.
set(ROTATOR_MAINTAINER "rotator maintainers <rotator@packages.debian.org>" CACHE STRING "Maintainer of the packages")
# The day of this version, as seconds; every date in a package is this one, unless SOURCE_DATE_EPOCH says another.
set(ROTATOR_EPOCH 1795478400)
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  set(ROTATOR_EPOCH $ENV{SOURCE_DATE_EPOCH})
endif()

# 2: up to 1, all was one package.
set(CPACK_DEBIAN_PACKAGE_RELEASE 2)
set(ENV{SOURCE_DATE_EPOCH} ${ROTATOR_EPOCH})
string(TIMESTAMP ROTATOR_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
foreach(file changelog.Debian copyright)
  configure_file(${CMAKE_CURRENT_SOURCE_DIR}/packaging/${file}.in ${CMAKE_CURRENT_BINARY_DIR}/${file} @ONLY)
endforeach()
rotator_compress(${CMAKE_CURRENT_BINARY_DIR}/changelog.Debian ${CMAKE_INSTALL_DATADIR}/doc/rotator rotator)
rotator_install_too(${CMAKE_INSTALL_DATADIR}/doc/rotator-libsecret changelog.Debian.gz)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/rotator)
rotator_install_too(${CMAKE_INSTALL_DATADIR}/doc/rotator-libsecret copyright)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME rotator)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "${ROTATOR_MAINTAINER}")
set(description "Replaces the IAM API key that a logging agent sends with by a fresh one:
makes the new key, proves that it can send, publishes it where the agent
reads it, waits until the agent has moved over, and only then retires the
old one. Whatever goes wrong on the way, the agent finds a key that works.
.
Run it from a systemd timer or from cron; running it again is always right.")
set(description_libsecret "Lets rotator(1) keep keys and state in the keyring of a user: gnome-keyring,
oo7, KeePassXC, or whatever serves the Secret Service on the session bus.
.
With systemd units for a user's own manager.")
set(CPACK_PACKAGE_VENDOR "rotator maintainers")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
# (what was staged is made readable before it is packed: the umask has been at it)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/packaging/folders.cmake)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_BINARY_DIR}/cpack.cmake)
# (without a summary for all, the first line of each description is its summary)
file(WRITE ${CPACK_PROJECT_CONFIG_FILE} "set(CPACK_PACKAGE_DESCRIPTION_SUMMARY \"\")
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
  set(ENV{SOURCE_DATE_EPOCH} ${ROTATOR_EPOCH})
endif()\n")
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL rotator)
if(ROTATOR_LIBSECRET)
  list(APPEND CPACK_COMPONENTS_ALL libsecret)
endif()

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_ROTATOR_PACKAGE_NAME rotator)
set(CPACK_DEBIAN_ROTATOR_DESCRIPTION "rotate the API keys of IBM Cloud Logs senders\n${description}")
set(CPACK_DEBIAN_ROTATOR_PACKAGE_DEPENDS "adduser, ca-certificates, tzdata")
set(CPACK_DEBIAN_ROTATOR_PACKAGE_RECOMMENDS "systemd | cron")
set(CPACK_DEBIAN_ROTATOR_PACKAGE_SUGGESTS "rotator-libsecret")
foreach(script preinst postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_ROTATOR_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_SOURCE_DIR}/packaging/${script})
endforeach()
set(CPACK_DEBIAN_LIBSECRET_PACKAGE_NAME rotator-libsecret)
set(CPACK_DEBIAN_LIBSECRET_DESCRIPTION "keep keys of rotator in a user's keyring\n${description_libsecret}")
set(CPACK_DEBIAN_LIBSECRET_PACKAGE_DEPENDS "rotator (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
set(CPACK_DEBIAN_LIBSECRET_PACKAGE_REPLACES "rotator (<< 0.1.0-2)")
set(CPACK_DEBIAN_LIBSECRET_PACKAGE_BREAKS "rotator (<< 0.1.0-2)")

set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_RELEASE ${CPACK_DEBIAN_PACKAGE_RELEASE})
set(CPACK_RPM_PACKAGE_LICENSE Apache-2.0)
set(CPACK_RPM_SPEC_MORE_DEFINE "%define _build_id_links none
%define use_source_date_epoch_as_buildtime 1
%define clamp_mtime_to_source_date_epoch 1
%define _buildhost reproducible")
set(CPACK_RPM_ROTATOR_PACKAGE_NAME rotator)
string(REPLACE "\n.\n" "\n\n" CPACK_RPM_ROTATOR_PACKAGE_DESCRIPTION "${description}")
set(CPACK_RPM_ROTATOR_PACKAGE_SUMMARY "Rotate the API keys of IBM Cloud Logs senders")
set(CPACK_RPM_ROTATOR_PACKAGE_REQUIRES "ca-certificates, tzdata, /usr/sbin/useradd")
set(CPACK_RPM_ROTATOR_POST_INSTALL_SCRIPT_FILE ${CMAKE_CURRENT_SOURCE_DIR}/packaging/rpm.post)
set(CPACK_RPM_ROTATOR_PRE_UNINSTALL_SCRIPT_FILE ${CMAKE_CURRENT_SOURCE_DIR}/packaging/rpm.preun)
set(CPACK_RPM_LIBSECRET_PACKAGE_NAME rotator-libsecret)
string(REPLACE "\n.\n" "\n\n" CPACK_RPM_LIBSECRET_PACKAGE_DESCRIPTION "${description_libsecret}")
set(CPACK_RPM_LIBSECRET_PACKAGE_SUMMARY "Keep keys of rotator in a user's keyring")
set(CPACK_RPM_LIBSECRET_PACKAGE_REQUIRES "rotator = ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}")
# Folders of the distribution, which no package of ours is to own.
foreach(folder lib lib/systemd lib/systemd/system lib/systemd/user lib/sysusers.d lib/tmpfiles.d libexec sbin
        share/bash-completion share/bash-completion/completions share/zsh share/zsh/vendor-completions
        share/man share/man/man1 share/man/man5 share/man/man7 share/man/man8)
  list(APPEND CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION /usr/${folder})
endforeach()
include(CPack)
