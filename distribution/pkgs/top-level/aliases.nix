/* Older and other names of packages. */
{ lib }:

self: _super:

lib.mapAttrs (_alias: name: self.${name}) {
  bluez5 = "bluez";
  cifs_utils = "cifs-utils";
  dhcpcd5 = "dhcpcd";
  dnsmasq_full = "dnsmasq";
  gdisk = "gptfdisk";
  gnutar_full = "gnutar";
  kbdKeymaps = "kbd";
  less_full = "less";
  libudev = "udev";
  libxkbcommon_full = "libxkbcommon";
  lvm = "lvm2";
  man_db = "man-db";
  mdadm4 = "mdadm";
  module_init_tools = "kmod";
  nfsUtils = "nfs-utils";
  ntfsprogs = "ntfs3g";
  openssl_3 = "openssl";
  pythonFull = "python3";
  smartmontools_full = "smartmontools";
  util_linux = "util-linux";
  utillinux_full = "util-linux";
  vimNox = "vim_configurable";
  xfce4-12 = "xfce";
  xfceUnstable = "xfce";
}
// {
  # PostgreSQL's former versions are not in the archive; a silent other one could not read their data.
  postgresql94 = throw "PostgreSQL 9.4 is not in this channel; use '${lib.concatStringsSep "' or '" (lib.filter (lib.hasPrefix "postgresql_") (lib.attrNames self))}' and migrate with pg_dumpall";
}
