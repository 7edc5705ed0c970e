/** What `nix flake show` prints: an expression that describes a flake's outputs, and the tree drawn from its value. */

/** A node: a set of outputs (`children`) or one thing. */
export interface ShownNode {
  readonly type?: string;
  readonly name?: string;
  readonly description?: string;
  readonly omitted?: string;
  readonly children?: Readonly<Record<string, ShownNode>>;
}

/** From a flake to a `ShownNode`. Only what is shown is evaluated; what fails is left out. */
export function showExpression(system: string, allSystems: boolean): string {
  return `
flake:
let
  inherit (builtins) attrNames functionArgs isAttrs isFunction listToAttrs mapAttrs tryEval;
  node = children: { inherit children; };
  tree = f: set: if isAttrs set then node (mapAttrs f set) else { type = "unknown"; };
  derivation = v:
    if (tryEval (v.type or null == "derivation")).value
    then { type = "derivation"; name = v.name; description = v.meta.description or ""; }
    else { type = "unknown"; };
  perSystem = f: tree (system: v:
    if ${allSystems} || system == "${system}" then f v
    else if isAttrs v then node (mapAttrs (_: _: { omitted = "use '--all-systems' to show"; }) v)
    else { omitted = "use '--all-systems' to show"; });
  app = v: { type = "app"; description = v.meta.description or ""; };
  kinds = {
    packages = perSystem (tree (_: derivation));
    devShells = perSystem (tree (_: derivation));
    checks = perSystem (tree (_: derivation));
    hydraJobs = tree (_: v: if v.type or null == "derivation" then derivation v else kinds.hydraJobs v);
    formatter = perSystem derivation;
    devShell = perSystem derivation;
    defaultPackage = perSystem derivation;
    apps = perSystem (tree (_: app));
    defaultApp = perSystem app;
    legacyPackages = tree (_: _: { omitted = "use '--legacy' to show"; });
    overlays = tree (_: _: { type = "nixpkgs-overlay"; });
    overlay = _: { type = "nixpkgs-overlay"; };
    nixosConfigurations = tree (_: _: { type = "nixos-configuration"; });
    nixosModules = tree (_: _: { type = "nixos-module"; });
    nixosModule = _: { type = "nixos-module"; };
    templates = tree (_: v: { type = "template"; description = v.description or ""; });
    defaultTemplate = v: { type = "template"; description = v.description or ""; };
  };
in
tree (name: v: (kinds.\${name} or (_: { type = "unknown"; })) v) flake.outputs
`;
}

const labels: Readonly<Record<string, string>> = {
  'nixpkgs-overlay': 'Nixpkgs overlay',
  'nixos-configuration': 'NixOS configuration',
  'nixos-module': 'NixOS module',
  unknown: 'unknown',
};
const derivationLabels: Readonly<Record<string, string>> = {
  devShells: 'development environment',
  devShell: 'development environment',
  checks: 'derivation',
  hydraJobs: 'derivation',
};

/** The lines of a tree. */
export function showTree(root: ShownNode): string {
  const lines: string[] = [];
  const visit = (node: ShownNode, prefix: string, kind: string): void => {
    const children = Object.entries(node.children ?? {});
    for (const [i, [name, child]] of children.entries()) {
      const isLast = i === children.length - 1;
      const inner = kind === '' ? name : kind;
      lines.push(`${prefix}${isLast ? '└───' : '├───'}${name}${describe(child, inner)}\n`);
      visit(child, `${prefix}${isLast ? '    ' : '│   '}`, inner);
    }
  };
  visit(root, '', '');
  return lines.join('');
}

function describe({ type, name, description = '', omitted }: ShownNode, kind: string): string {
  if (omitted !== undefined) return ` omitted (${omitted})`;
  if (type === undefined) return '';
  if (type === 'derivation')
    return `: ${derivationLabels[kind] ?? 'package'} '${name}'${description === '' ? '' : ` - '${description}'`}`;
  if (type === 'app' || type === 'template')
    return `: ${type}: ${description === '' ? 'no description' : description}`;
  return `: ${labels[type] ?? type}`;
}
