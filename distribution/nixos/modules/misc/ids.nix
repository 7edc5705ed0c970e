/**
  Numbers of users and groups that are the same on every machine: those that Debian's packages have compiled in or expect,
  and those of services whose files outlive a rebuild.
*/
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.ids = {
    uids = mkOption {
      type = types.attrsOf types.int;
      internal = true;
      default = { };
      example = {
        root = 0;
      };
      description = "The user ids that are fixed.";
    };
    gids = mkOption {
      type = types.attrsOf types.int;
      internal = true;
      default = { };
      example = {
        root = 0;
      };
      description = "The group ids that are fixed.";
    };
  };

  config.ids = {
    # Debian's base users.
    uids = {
      root = 0;
      daemon = 1;
      bin = 2;
      sys = 3;
      games = 5;
      man = 6;
      lp = 7;
      mail = 8;
      news = 9;
      uucp = 10;
      proxy = 13;
      www-data = 33;
      backup = 34;
      list = 38;
      irc = 39;
      _apt = 42;
      # Services whose data belong to them.
      messagebus = 201;
      sshd = 202;
      systemd-network = 203;
      systemd-resolve = 204;
      systemd-timesync = 205;
      polkitd = 206;
      postgres = 207;
      wwwrun = 208;
      nginx = 209;
      ntp = 210;
      mysql = 211;
      dhcpcd = 212;
      nobody = 65534;
    };

    gids = {
      root = 0;
      daemon = 1;
      bin = 2;
      sys = 3;
      adm = 4;
      tty = 5;
      disk = 6;
      lp = 7;
      mail = 8;
      news = 9;
      uucp = 10;
      wheel = 11;
      man = 12;
      proxy = 13;
      kmem = 15;
      dialout = 20;
      fax = 21;
      voice = 22;
      cdrom = 24;
      floppy = 25;
      tape = 26;
      sudo = 27;
      audio = 29;
      dip = 30;
      www-data = 33;
      backup = 34;
      operator = 37;
      list = 38;
      irc = 39;
      src = 40;
      shadow = 42;
      utmp = 43;
      video = 44;
      sasl = 45;
      plugdev = 46;
      staff = 50;
      games = 60;
      users = 100;
      systemd-journal = 190;
      input = 191;
      kvm = 192;
      render = 193;
      sgx = 194;
      clock = 195;
      crontab = 196;
      messagebus = 201;
      sshd = 202;
      systemd-network = 203;
      systemd-resolve = 204;
      systemd-timesync = 205;
      polkitd = 206;
      postgres = 207;
      wwwrun = 208;
      nginx = 209;
      ntp = 210;
      mysql = 211;
      dhcpcd = 212;
      networkmanager = 220;
      nogroup = 65534;
    };
  };
}
