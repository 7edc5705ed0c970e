/** What a configuration says of its boot loader: a JSON file in the store, made by the loader's module. */

export interface CommonSettings {
  /** Name of the system in titles: `NixOS`. */
  readonly distribution: string;
  /** `/nix/var/nix/profiles` */
  readonly profiles: string;
  /** Seconds until the default entry boots; `null` waits for ever. */
  readonly timeout: number | null;
  /** Generations of each profile in the menu; 0 for all. */
  readonly configurationLimit: number;
  readonly efiMountPoint: string;
  readonly canTouchEfiVariables: boolean;
  /** Shell commands that run at the end. */
  readonly extraInstallCommands: string;
  readonly shell: string;
}

/** Modules of GRUB for one of its platforms. */
export interface GrubModules {
  /** `i386-pc`, `x86_64-efi`, `arm64-efi` */
  readonly target: string;
  readonly directory: string;
}

export interface GrubSettings extends CommonSettings {
  readonly kind: 'grub';
  readonly bootPath: string;
  /** Disks for BIOS; `nodev` writes only the menu. */
  readonly devices: readonly string[];
  readonly forceInstall: boolean;
  /** Name of the loader in the firmware; `null` without EFI. */
  readonly efiBootloaderId: string | null;
  readonly efiInstallAsRemovable: boolean;
  /** What the machine's processor can start from; `efi` only where it is asked for. */
  readonly modules: { readonly bios: GrubModules | null; readonly efi: GrubModules | null };
  readonly grubInstall: string;
  readonly blkid: string;
  /** Index of an entry, its title, or `saved`. */
  readonly default: string;
  readonly configurationName: string;
  readonly copyKernels: boolean;
  readonly fsIdentifier: 'uuid' | 'label' | 'provided';
  readonly extraConfig: string;
  readonly extraPrepareConfig: string;
  readonly extraEntries: string;
  readonly extraEntriesBeforeNixOS: boolean;
  readonly extraPerEntryConfig: string;
  /** Name below the boot directory -> file to copy there. */
  readonly extraFiles: Readonly<Record<string, string>>;
  readonly splashImage: string | null;
  readonly font: string | null;
  /** Hash of the password that editing entries takes, by user. */
  readonly users: Readonly<Record<string, string>>;
}

export interface SystemdBootSettings extends CommonSettings {
  readonly kind: 'systemd-boot';
  /** A file named for its processor: `systemd-bootx64.efi`. */
  readonly loader: string;
  readonly bootctl: string;
  readonly editor: boolean;
  readonly consoleMode: string;
  readonly extraEntries: Readonly<Record<string, string>>;
  readonly extraFiles: Readonly<Record<string, string>>;
}

export type BootLoaderSettings = GrubSettings | SystemdBootSettings;
