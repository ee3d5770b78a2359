/**
 * Completion for bash, zsh and fish, made from the same models. What is fixed is in the script, so that a Tab starts nothing; names of machines are asked for, from
 * the boss that the command line names (`gobs completion machines`). Pure: texts in, text out. Words of ours stand in single quotes.
 */
import type { CommandModel, OptionModel } from './command-model.ts';

export const shells = harden(['bash', 'zsh', 'fish'] as const);
harden(shells);
export type Shell = (typeof shells)[number];

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Flags that say which boss: passed on when names are asked for. */
const places = ['--state', '--socket', '--connect-file'];

const wordsOf = ({ below, options, takes }: CommandModel): readonly string[] => [
  ...below.map(({ word }) => word),
  ...(typeof takes === 'string' ? [] : takes),
  ...options.flatMap(({ flags }) => flags),
];

/** `'' 'machine' 'machine show'`: which words make a longer path of a path. */
const pathsOf = (models: readonly CommandModel[]): readonly string[] =>
  models.filter(({ path }) => path !== '').map(({ path }) => path);

const valued = (models: readonly CommandModel[]): readonly (readonly [string, OptionModel])[] =>
  models.flatMap(({ path, options }) =>
    options.filter(({ takesValue }) => takesValue).map((option) => [path, option] as const),
  );

const patterns = (path: string, { flags }: OptionModel): string =>
  flags.map((flag) => quote(`${path} ${flag}`)).join('|');

/** The part that bash and zsh share: both know `case`, and `$command` and `$previous` are set. */
const choiceCases = (models: readonly CommandModel[], choose: (words: string) => string, files: string): string =>
  valued(models)
    .map(([path, option]) => {
      const then = option.choices.length > 0 ? choose(quote(option.choices.join(' '))) : files;
      return `    ${patterns(path, option)}) ${then}; return ;;`;
    })
    .join('\n');

const commandCases = (models: readonly CommandModel[]): string =>
  models
    .map((model) => {
      const takes = typeof model.takes === 'string' ? model.takes : 'nothing';
      return `    ${quote(model.path)}) list=${quote(wordsOf(model).join(' '))} takes=${takes} ;;`;
    })
    .join('\n');

const bash = (models: readonly CommandModel[]): string => `# Completion of gobs for bash; made by: gobs completion bash
_gobs() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local command='' list='' takes=nothing place=() word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in
      --) compopt -o default 2>/dev/null; return ;;
      ${places.join('|')}) place=("$word" "\${COMP_WORDS[i+1]}") ;;
    esac
    case "\${command:+$command }$word" in
      ${pathsOf(models).map(quote).join('|')}) command="\${command:+$command }$word" ;;
    esac
  done
  case "$command $previous" in
${choiceCases(models, (words) => `COMPREPLY=($(compgen -W ${words} -- "$current"))`, 'compopt -o default 2>/dev/null')}
  esac
  case "$command" in
${commandCases(models)}
  esac
  if [[ $takes == machines && $current != -* ]]; then
    list="$("\${COMP_WORDS[0]}" completion machines "\${place[@]}" 2>/dev/null </dev/null)"
  elif [[ $takes == files && $current != -* ]]; then
    compopt -o default 2>/dev/null
    return
  fi
  COMPREPLY=($(compgen -W "$list" -- "$current"))
}
complete -F _gobs gobs
`;

const zsh = (models: readonly CommandModel[]): string => `#compdef gobs
# Completion of gobs for zsh; made by: gobs completion zsh
_gobs() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}" command='' word takes=nothing i
  local -a line place
  line=("\${words[@]}")
  local list=''
  for ((i = 2; i < CURRENT; i++)); do
    word="\${line[i]}"
    case "$word" in
      --) _files; return ;;
      ${places.join('|')}) place=("$word" "\${line[i+1]}") ;;
    esac
    case "\${command:+$command }$word" in
      ${pathsOf(models).map(quote).join('|')}) command="\${command:+$command }$word" ;;
    esac
  done
  case "$command $previous" in
${choiceCases(models, (words) => `list=${words}; compadd -- \${=list}`, '_files')}
  esac
  case "$command" in
${commandCases(models)}
  esac
  if [[ $takes == machines && $current != -* ]]; then
    list="$("\${line[1]}" completion machines "\${place[@]}" 2>/dev/null </dev/null)"
  elif [[ $takes == files && $current != -* ]]; then
    _files
    return
  fi
  compadd -- \${=list}
}
if [[ $funcstack[1] == _gobs ]]; then _gobs "$@"; else compdef _gobs gobs; fi
`;

const fishFlags = ({ flags, description, takesValue, choices }: OptionModel): string =>
  [
    ...flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)),
    ...(takesValue ? [choices.length > 0 ? `-x -a ${quote(choices.join(' '))}` : '-r -F'] : []),
    `-d ${quote(description)}`,
  ].join(' ');

const fishLines = ({ path, below, options, takes }: CommandModel): readonly string[] => {
  const here = `complete -c gobs -n ${quote(`__gobs_at "${path}"`)}`;
  const words = typeof takes === 'string' ? [] : takes;
  return [
    ...below.map(({ word, description }) => `${here} -a ${quote(word)} -d ${quote(description)}`),
    ...options.map((option) => `${here} ${fishFlags(option)}`),
    ...(words.length > 0 ? [`${here} -a ${quote(words.join(' '))}`] : []),
    ...(takes === 'machines' ? [`${here} -a '(__gobs_machines)'`] : []),
    ...(takes === 'files' ? [`${here} -F`] : []),
  ];
};

const fish = (models: readonly CommandModel[]): string => `# Completion of gobs for fish; made by: gobs completion fish
function __gobs_at
  set -l command ''
  for word in (commandline -opc)[2..]
    set -l longer (string trim -- "$command $word")
    contains -- "$longer" ${pathsOf(models).map(quote).join(' ')}; and set command "$longer"
  end
  test "$command" = "$argv[1]"
end
function __gobs_machines
  set -l line (commandline -opc)
  set -l place
  for i in (seq 2 (count $line))
    contains -- $line[$i] ${places.join(' ')}; and set place $line[$i] $line[(math $i + 1)]
  end
  $line[1] completion machines $place 2>/dev/null </dev/null
end
complete -c gobs -f
${models.flatMap(fishLines).join('\n')}
`;

export const completionScript = (shell: Shell, models: readonly CommandModel[]): string =>
  ({ bash, zsh, fish })[shell](models);
harden(completionScript);
