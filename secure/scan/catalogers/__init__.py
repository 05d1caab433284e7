"""All catalogers, one file each. A new one is added here and nowhere else."""

from __future__ import annotations

from secure.scan.catalogers.apk import APK
from secure.scan.catalogers.apt_states import APT_STATES
from secure.scan.catalogers.bitnami_components import BITNAMI_COMPONENTS
from secure.scan.catalogers.bun_lock import BUN_BINARY_LOCK, BUN_LOCK
from secure.scan.catalogers.cargo_lock import CARGO_LOCK
from secure.scan.catalogers.chisel import CHISEL
from secure.scan.catalogers.cocoapods_lock import COCOAPODS_LOCK
from secure.scan.catalogers.composer import COMPOSER_INSTALLED, COMPOSER_LOCK
from secure.scan.catalogers.conan_cache import CONAN_CACHE
from secure.scan.catalogers.conan_lock import CONAN_FILE, CONAN_INFO, CONAN_LOCK
from secure.scan.catalogers.conda_meta import CONDA_META
from secure.scan.catalogers.cpan_install import CPAN_INSTALL
from secure.scan.catalogers.dart_lock import DART_LOCK
from secure.scan.catalogers.deno_lock import DENO_LOCK
from secure.scan.catalogers.dotnet_deps import DOTNET_DEPS
from secure.scan.catalogers.dpkg import DPKG
from secure.scan.catalogers.dpkg_copyright import DPKG_COPYRIGHT
from secure.scan.catalogers.dpkg_diversions import DPKG_DIVERSIONS
from secure.scan.catalogers.dpkg_files import DPKG_FILES
from secure.scan.catalogers.embedded_sbom import EMBEDDED_SBOM
from secure.scan.catalogers.flatpak import FLATPAK
from secure.scan.catalogers.gem_installed import GEM_INSTALLED
from secure.scan.catalogers.gem_lock import GEM_LOCK
from secure.scan.catalogers.ghc_package import GHC_PACKAGE
from secure.scan.catalogers.github_actions import GITHUB_ACTIONS
from secure.scan.catalogers.gleam_manifest import GLEAM_MANIFEST
from secure.scan.catalogers.go_mod import GO_MOD
from secure.scan.catalogers.go_sum import GO_SUM
from secure.scan.catalogers.go_vendor import GO_VENDOR
from secure.scan.catalogers.gradle_lock import GRADLE_LOCK
from secure.scan.catalogers.gradle_verification import GRADLE_VERIFICATION
from secure.scan.catalogers.haskell_lock import CABAL_FREEZE, STACK_LOCK
from secure.scan.catalogers.homebrew import HOMEBREW
from secure.scan.catalogers.java_archive import JAVA_ARCHIVE
from secure.scan.catalogers.java_release import JAVA_RELEASE
from secure.scan.catalogers.julia_manifest import JULIA_MANIFEST
from secure.scan.catalogers.lua_rock import LUA_ROCK
from secure.scan.catalogers.maven_pom import MAVEN_POM
from secure.scan.catalogers.mix_lock import MIX_LOCK
from secure.scan.catalogers.nix_store import NIX_STORE
from secure.scan.catalogers.npm_installed import NPM_INSTALLED
from secure.scan.catalogers.npm_lock import NPM_LOCK
from secure.scan.catalogers.nuget_assets import NUGET_ASSETS
from secure.scan.catalogers.nuget_lock import NUGET_LOCK
from secure.scan.catalogers.nuget_project import NUGET_PROJECT
from secure.scan.catalogers.opam_switch import OPAM_LOCKED, OPAM_SWITCH
from secure.scan.catalogers.opkg import OPKG
from secure.scan.catalogers.otp_app import OTP_APP
from secure.scan.catalogers.pacman import PACMAN
from secure.scan.catalogers.paket_lock import PAKET_LOCK
from secure.scan.catalogers.pear_registry import PEAR_REGISTRY
from secure.scan.catalogers.pip_requirements import PIP_REQUIREMENTS
from secure.scan.catalogers.pipfile_lock import PIPFILE_LOCK
from secure.scan.catalogers.pnpm_lock import PNPM_LOCK
from secure.scan.catalogers.portage import PORTAGE
from secure.scan.catalogers.program_scripts import PROGRAM_SCRIPTS
from secure.scan.catalogers.prolog_pack import PROLOG_PACK
from secure.scan.catalogers.pylock import PYLOCK
from secure.scan.catalogers.python_archive import PYTHON_ARCHIVE
from secure.scan.catalogers.python_dist import PYTHON_DIST
from secure.scan.catalogers.python_locks import PYTHON_LOCKS
from secure.scan.catalogers.python_record import PYTHON_RECORD
from secure.scan.catalogers.r_package import R_PACKAGE
from secure.scan.catalogers.rebar_lock import REBAR_LOCK
from secure.scan.catalogers.renv_lock import RENV_LOCK
from secure.scan.catalogers.rpm import RPM
from secure.scan.catalogers.rpm_manifest import RPM_MANIFEST
from secure.scan.catalogers.snap import SNAP
from secure.scan.catalogers.swift_resolved import SWIFT_RESOLVED
from secure.scan.catalogers.terraform_lock import TERRAFORM_LOCK
from secure.scan.catalogers.vcpkg import VCPKG_MANIFEST, VCPKG_STATUS
from secure.scan.catalogers.vscode_extensions import VSCODE_EXTENSIONS
from secure.scan.catalogers.wordpress import WORDPRESS, WORDPRESS_PLUGIN, WORDPRESS_THEME
from secure.scan.catalogers.yarn_cache import YARN_CACHE
from secure.scan.catalogers.yarn_lock import YARN_LOCK
from secure.scan.catalogers.yarn_pnp import YARN_PNP

CATALOGERS = (
    APK,
    APT_STATES,
    BITNAMI_COMPONENTS,
    BUN_BINARY_LOCK,
    BUN_LOCK,
    CABAL_FREEZE,
    CARGO_LOCK,
    CHISEL,
    COCOAPODS_LOCK,
    COMPOSER_INSTALLED,
    COMPOSER_LOCK,
    CONAN_CACHE,
    CONAN_FILE,
    CONAN_INFO,
    CONAN_LOCK,
    CONDA_META,
    CPAN_INSTALL,
    DART_LOCK,
    DENO_LOCK,
    DOTNET_DEPS,
    DPKG,
    DPKG_COPYRIGHT,
    DPKG_DIVERSIONS,
    DPKG_FILES,
    EMBEDDED_SBOM,
    FLATPAK,
    GEM_INSTALLED,
    GEM_LOCK,
    GHC_PACKAGE,
    GITHUB_ACTIONS,
    GLEAM_MANIFEST,
    GO_MOD,
    GO_SUM,
    GO_VENDOR,
    GRADLE_LOCK,
    GRADLE_VERIFICATION,
    HOMEBREW,
    JAVA_ARCHIVE,
    JAVA_RELEASE,
    JULIA_MANIFEST,
    LUA_ROCK,
    MAVEN_POM,
    MIX_LOCK,
    NIX_STORE,
    NPM_INSTALLED,
    NPM_LOCK,
    NUGET_ASSETS,
    NUGET_LOCK,
    NUGET_PROJECT,
    OPAM_LOCKED,
    OPAM_SWITCH,
    OPKG,
    OTP_APP,
    PACMAN,
    PAKET_LOCK,
    PEAR_REGISTRY,
    PIPFILE_LOCK,
    PIP_REQUIREMENTS,
    PNPM_LOCK,
    PORTAGE,
    PROGRAM_SCRIPTS,
    PROLOG_PACK,
    PYLOCK,
    PYTHON_ARCHIVE,
    PYTHON_DIST,
    PYTHON_LOCKS,
    PYTHON_RECORD,
    REBAR_LOCK,
    RENV_LOCK,
    RPM,
    RPM_MANIFEST,
    R_PACKAGE,
    SNAP,
    STACK_LOCK,
    SWIFT_RESOLVED,
    TERRAFORM_LOCK,
    VCPKG_MANIFEST,
    VCPKG_STATUS,
    VSCODE_EXTENSIONS,
    WORDPRESS,
    WORDPRESS_PLUGIN,
    WORDPRESS_THEME,
    YARN_CACHE,
    YARN_LOCK,
    YARN_PNP,
)
