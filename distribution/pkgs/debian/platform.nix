/* What Debian's architecture names mean for relocation. */
{
  amd64 = {
    triplet = "x86_64-linux-gnu";
    loader = "lib64/ld-linux-x86-64.so.2";
    # e_machine and word size of native ELF files.
    machine = "62-64";
  };
  arm64 = {
    triplet = "aarch64-linux-gnu";
    loader = "lib/ld-linux-aarch64.so.1";
    machine = "183-64";
  };
}
