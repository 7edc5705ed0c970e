/**
  How QEMU is called for each kind of machine. `pkgs` is the package set of the guest, which is that of the host.

  - `package`, `program`: where the emulator is, `dataDirectories`: its firmware;
  - `machineOptions`: arguments that every guest needs, `serialDevice`: the name of its first serial line;
  - `probe`: whether the processor helps: `image`, a file with a guest that ends at once, the arguments that start it (with
    `@probe@` for the file), and QEMU's exit status when it has run.
*/
{ pkgs }:
let
  d = pkgs.debianPackage;

  image =
    bytes: sector:
    pkgs.runCommand "accelerator-probe" { preferLocalBuild = true; } ''
      printf '${bytes}' > $out
      ${sector}
    '';

  machines = {
    x86_64-linux = {
      package = d "qemu-system-x86";
      program = "qemu-system-x86_64";
      firmware = [ "${d "seabios"}/share/seabios" ];
      machineOptions = "";
      serialDevice = "ttyS0";
      probe = {
        # A boot sector that writes 0x10 to the debug port, which makes QEMU exit with 2 * 0x10 + 1: mov al, 0x10; out 0xf4, al;
        # hlt.
        image = image ''\xb0\x10\xe6\xf4\xf4'' ''
          truncate -s 510 $out
          printf '\x55\xaa' >> $out
        '';
        options = "-device isa-debug-exit,iobase=0xf4,iosize=0x04 -drive file=@probe@,format=raw,readonly=on";
        status = "33";
      };
    };

    aarch64-linux = {
      package = d "qemu-system-arm";
      program = "qemu-system-aarch64";
      firmware = [ ];
      machineOptions = "-machine virt,gic-version=max";
      serialDevice = "ttyAMA0";
      probe = {
        # A kernel that asks the firmware to switch off (PSCI SYSTEM_OFF): movz w0, #8; movk w0, #0x8400, lsl #16; hvc #0; b .
        image = image ''\x00\x01\x80\x52\x00\x80\xb0\x72\x02\x00\x00\xd4\x00\x00\x00\x14'' "";
        options = "-kernel @probe@";
        status = "0";
      };
    };
  };

  inherit (pkgs.stdenv.hostPlatform) system;
  machine = machines.${system} or (throw "virtual machines of the platform '${system}' are not known; there are: ${toString (builtins.attrNames machines)}");
in
machine
// {
  dataDirectories =
    [ "${d "qemu-system-data"}/share/qemu" ]
    ++ machine.firmware
    ++ [
      "${d "ipxe-qemu"}/lib/ipxe/qemu"
      "${d "qemu-system-common"}/share/qemu"
    ];
}
