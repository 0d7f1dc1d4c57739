/**
 * The tools of public MCP servers at the versions that the starter templates are written for, and which of them their server says
 * only read. Those of npm are compared with the servers themselves by `npm run conformance:servers`; `fetch` and `git`, which are
 * Python's, are as their published sources have them (github.com/modelcontextprotocol/servers, read in November 2026).
 */
type PublicServer = {
  reads: readonly string[];
  others: readonly string[];
  /** Left to the denial of what nobody named. */
  off?: readonly string[];
  /** Allowed as reading although the server does not say so: they change what is looked at and nothing else. */
  looks?: readonly string[];
};

export const SERVER_TOOLS: Readonly<Record<string, PublicServer>> = {
  filesystem: {
    reads: [
      'directory_tree',
      'get_file_info',
      'list_allowed_directories',
      'list_directory',
      'list_directory_with_sizes',
      'read_file',
      'read_media_file',
      'read_multiple_files',
      'read_text_file',
      'search_files',
    ],
    others: ['create_directory', 'edit_file', 'move_file', 'write_file'],
  },
  memory: {
    reads: ['open_nodes', 'read_graph', 'search_nodes'],
    others: [
      'add_observations',
      'create_entities',
      'create_relations',
      'delete_entities',
      'delete_observations',
      'delete_relations',
    ],
  },
  postgres: { reads: [], others: ['query'], looks: ['query'] },
  playwright: {
    reads: [
      'browser_console_messages',
      'browser_find',
      'browser_network_request',
      'browser_network_requests',
      'browser_snapshot',
      'browser_take_screenshot',
      'browser_wait_for',
    ],
    others: [
      'browser_click',
      'browser_close',
      'browser_drag',
      'browser_drop',
      'browser_emulate_media',
      'browser_evaluate',
      'browser_file_upload',
      'browser_fill_form',
      'browser_handle_dialog',
      'browser_hover',
      'browser_navigate',
      'browser_navigate_back',
      'browser_press_key',
      'browser_resize',
      'browser_run_code_unsafe',
      'browser_select_option',
      'browser_tabs',
      'browser_type',
    ],
    off: ['browser_drop', 'browser_evaluate', 'browser_file_upload', 'browser_run_code_unsafe'],
    looks: ['browser_close', 'browser_emulate_media', 'browser_hover', 'browser_navigate_back', 'browser_resize'],
  },
  fetch: { reads: ['fetch'], others: [] },
  git: {
    reads: [],
    others: [
      'git_add',
      'git_branch',
      'git_checkout',
      'git_commit',
      'git_commit_signed',
      'git_create_branch',
      'git_diff',
      'git_diff_staged',
      'git_diff_unstaged',
      'git_log',
      'git_reset',
      'git_show',
      'git_status',
    ],
    // Only the newest sources have it; it takes a key of whoever runs the server.
    off: ['git_commit_signed'],
    // The server says nothing of its tools.
    looks: ['git_branch', 'git_diff', 'git_diff_staged', 'git_diff_unstaged', 'git_log', 'git_show', 'git_status'],
  },
};
