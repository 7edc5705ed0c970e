/** The builder: scheduler, sandbox, downloads. */
export {
  type BuildPathsOptions,
  type BuildPlan,
  type BuildResult,
  Builder,
  type BuilderOptions,
  throwFailures,
} from './builder.ts';
export { buildLogPath } from './build-log.ts';
export type { Installable } from './derivation-goal.ts';
export { type SandboxTools, sandboxToolsIn, type ToolName, toolCommand } from './sandbox-tools.ts';
export {
  type BuildSettings,
  type DownloadSettings,
  defaultBuildSettings,
  type SandboxMode,
  type SandboxPath,
} from './settings.ts';
