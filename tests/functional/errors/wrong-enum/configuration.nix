{ config, pkgs, ... }:
{
  fileSystems."/".device = "/dev/vda1";
  boot.loader.grub.device = "/dev/vda";
  services.openssh.enable = true;
  services.openssh.settings.LogLevel = "LOUD";
}
