/**
  Time zone and place on earth.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  zone = config.time.timeZone;
in
{
  options = {
    time.timeZone = mkOption {
      type = types.nullOr (types.strMatching "[^ ]+");
      default = null;
      example = "America/New_York";
      description = "The time zone, as a name of the tz database. `null` means UTC, unless `timedatectl` sets another.";
    };
    time.hardwareClockInLocalTime = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether the hardware clock keeps local time instead of UTC.";
    };
    location.latitude = mkOption {
      type = types.nullOr types.float;
      default = null;
      example = 46.9;
      description = "The machine's latitude, for programs that care about daylight.";
    };
    location.longitude = mkOption {
      type = types.nullOr types.float;
      default = null;
      example = 7.4;
      description = "The machine's longitude.";
    };
  };

  config = {
    environment.etc = {
      zoneinfo.source = "${pkgs.tzdata}/share/zoneinfo";
    }
    // lib.optionalAttrs config.time.hardwareClockInLocalTime {
      adjtime.text = "0.0 0 0.0\n0\nLOCAL\n";
    }
    // lib.optionalAttrs (zone != null) {
      localtime.source = "/etc/zoneinfo/${zone}";
      timezone.text = "${zone}\n";
    };
    environment.fhsPackages = [ pkgs.tzdata ];
    systemd.globalEnvironment.TZDIR = "/etc/zoneinfo";
  };
}
