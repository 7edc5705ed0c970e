/** NixOS on top of a session: rebuilding a configuration. */
export {
  buildConfiguration,
  evaluateConfiguration,
  planConfiguration,
  type RebuildProduct,
  type RebuildRequest,
} from './rebuild.ts';
