/** The builder: scheduler, sandbox, downloads. */

export { buildLogPath } from './build-log.ts';
export {
  Builder,
  type BuilderOptions,
  type BuildPathsOptions,
  type BuildPlan,
  type BuildResult,
  throwFailures,
} from './builder.ts';
export type { BuildMode, Installable } from './derivation-goal.ts';
export { type SandboxTools, sandboxToolsIn, type ToolName, toolCommand } from './sandbox-tools.ts';
export {
  type BuildSettings,
  type DownloadSettings,
  defaultBuildSettings,
  type SandboxMode,
  type SandboxPath,
} from './settings.ts';
export { structuredShellFiles } from './structured-attrs.ts';
