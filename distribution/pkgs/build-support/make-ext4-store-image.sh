# Makes the image from the paths in $closure/store-paths. mke2fs reads a directory tree, so that the paths are linked
# (or, where the file system does not allow it, copied) into one.
mkdir -p "root$storeDirectory"
xargs -I{} cp -a --reflink=auto {} "root$storeDirectory/" <"$closure/store-paths"
cp "$closure/registration" root/nix-path-registration
eval "$populate"

# 4 KiB blocks for the contents, and inodes for every file with some to spare.
blocks=$(du -s --block-size=4096 --apparent-size root | cut -f1)
inodes=$(find root | wc -l)
disk=$(du -s --block-size=4096 root | cut -f1)
if [ "$disk" -gt "$blocks" ]; then blocks=$disk; fi
size=$(((blocks + inodes / 16 + blocks / 20) * 4 + freeMiB * 1024 + 8192))

export E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH
image=$out
truncate -s "${size}K" "$image"
mke2fs -q -F -t ext4 -L "$label" -U "$uuid" -E "hash_seed=$uuid,root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0" \
  -O "$features" -N "$((inodes * 11 / 10 + 1024))" -m 0 -d root "$image"
case $compress in
  zstd) zstd -q -T0 --rm "$image" -o "$image.zst" && mv "$image.zst" "$image" ;;
  xz) xz -T0 "$image" && mv "$image.xz" "$image" ;;
esac
