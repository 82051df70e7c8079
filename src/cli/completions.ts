/**
 * Completions of the command line, as a script for a shell. It is made of the declarations of the verbs; which peers and methods there
 * are the script asks the command itself.
 *
 * @module
 */
import {
  COMMON_OPTIONS,
  type OptionDeclaration,
  type ParameterDeclaration,
  type ValueKind,
  type Verb,
} from "./verb.ts";

/** Commands that print what a value may be, one a line. They wait for nobody who is silent. */
const PEERS = "procslink list --brief --timeout 200ms 2>/dev/null";
const METHODS = "procslink introspect --brief --timeout 200ms 2>/dev/null --";

/** Makes the script for a shell. */
type Writer = (verbs: readonly Verb[]) => string;

/** The shells, and their scripts. */
export const SHELLS: Readonly<Record<string, Writer>> = { bash, zsh, fish };

function optionsOf({ options }: Verb): readonly OptionDeclaration[] {
  return [...options, ...COMMON_OPTIONS, { name: "help", summary: "explain this" }];
}

/** The verbs, and what is no verb, but stands where one does. */
function wordsOf(verbs: readonly Verb[]): readonly (readonly [name: string, summary: string])[] {
  return [...verbs.map(({ name, summary }) => [name, summary] as const), ["help", "explain a verb"]];
}

function bash(verbs: readonly Verb[]): string {
  const cases = verbs.map((verb) => {
    const options = optionsOf(verb);
    const flags = options.map(({ name }) => `--${name}`).join(" ");
    const valued = options.filter(({ value }) => value !== undefined).map(({ name }) => `--${name}`);
    const kinds = verb.parameters.map(kindOf).join(" ");
    return `    ${verb.name}) flags="${flags}" valued=" ${valued.join(" ")} " kinds=(${kinds}) ;;`;
  });
  return `# Completions of procslink for bash: source <(procslink completions bash)
# A name is anybody's text: nothing may expand it.
_procslink_lines() {
  local line
  while IFS= read -r line; do
    if [[ $line == "$1"* ]]; then COMPREPLY+=("$(printf %q "$line")"); fi
  done
}
_procslink() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} verb=\${COMP_WORDS[1]}
  local flags="" valued=" " kinds=() words=() kind index
  COMPREPLY=()
  if (( COMP_CWORD == 1 )) || { (( COMP_CWORD == 2 )) && [[ $verb == help ]]; }; then
    COMPREPLY=($(compgen -W "${wordsOf(verbs).map(([name]) => name).join(" ")}" -- "$current"))
    return
  fi
  case $verb in
${cases.join("\n")}
  esac
  [[ $valued == *" $previous "* ]] && { compopt -o default; return; }
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
    return
  fi
  for (( index = 2; index < COMP_CWORD; index++ )); do
    if [[ $valued == *" \${COMP_WORDS[index]} "* ]]; then (( index++ ))
    elif [[ \${COMP_WORDS[index]} != -* ]]; then words+=("\${COMP_WORDS[index]}"); fi
  done
  kind=\${kinds[\${#words[@]}]:-text}
  case $kind in
    peer) _procslink_lines "$current" < <(${PEERS}) ;;
    method) _procslink_lines "$current" < <(${METHODS} "\${words[0]}") ;;
    file) compopt -o default ;;
    text) ;;
    *) COMPREPLY=($(compgen -W "\${kind//,/ }" -- "$current")) ;;
  esac
}
complete -F _procslink procslink
`;
}

function zsh(verbs: readonly Verb[]): string {
  const action = (kind: string) => {
    const known: Readonly<Record<ValueKind, string>> = {
      peer: "_procslink_peers",
      method: "_procslink_methods",
      file: "_files",
      text: " ",
    };
    return known[kind as ValueKind] ?? `(${kind.replaceAll(",", " ")})`;
  };
  const cases = verbs.map((verb) => {
    const options = optionsOf(verb).map(({ name, summary, value, kind }) => {
      const text = `--${name}[${zshText(summary)}]`;
      return quoted(value === undefined ? text : `${text}:${value}:${action(kind ?? "text")}`);
    });
    const parameters = verb.parameters.map((parameter, index) =>
      quoted(`${parameter.isMany ? "*" : index + 1}:${parameter.name}:${action(kindOf(parameter))}`)
    );
    return `    ${verb.name}) _arguments ${[...options, ...parameters].join(" ")} ;;`;
  });
  const words = wordsOf(verbs).map(([name, summary]) => quoted(`${name}:${zshText(summary)}`)).join(" ");
  return `#compdef procslink
# Completions of procslink for zsh: source <(procslink completions zsh)
_procslink_peers() { local -a peers; peers=(\${(f)"$(${PEERS})"}); compadd -a -- peers; }
_procslink_methods() { local -a methods; methods=(\${(f)"$(${METHODS} \${words[2]})"}); compadd -a -- methods; }
_procslink() {
  local -a verbs; verbs=(${words})
  if (( CURRENT == 2 )); then _describe verb verbs; return; fi
  local verb=\${words[2]}
  shift words; (( CURRENT-- ))
  case $verb in
    help) _describe verb verbs ;;
${cases.join("\n")}
  esac
}
(( $+functions[compdef] )) && compdef _procslink procslink
`;
}

function fish(verbs: readonly Verb[]): string {
  const lines = wordsOf(verbs).map(([name, summary]) => {
    return `complete -c procslink -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`;
  });
  for (const verb of verbs) {
    const during = `complete -c procslink -n '__fish_seen_subcommand_from ${verb.name}'`;
    for (const { name, summary, value } of optionsOf(verb)) {
      lines.push(`${during} -l ${name}${value === undefined ? "" : " -x"} -d ${quoted(summary)}`);
    }
    for (const [index, parameter] of verb.parameters.entries()) {
      const values = fishValues(kindOf(parameter));
      if (values === undefined) continue;
      const here = `__fish_seen_subcommand_from ${verb.name}; and __procslink_at ${index + 2}`;
      lines.push(`complete -c procslink -n '${here}' ${values}`);
    }
  }
  return `# Completions of procslink for fish: procslink completions fish | source
complete -c procslink -f
function __procslink_at; test (count (commandline -opc | string match -v -- '-*')) -eq $argv[1]; end
${lines.join("\n")}
`;
}

function fishValues(kind: string): string | undefined {
  if (kind === "text") return undefined;
  if (kind === "file") return "-F";
  if (kind === "peer") return `-a '(${PEERS})'`;
  if (kind === "method") return `-a '(${METHODS} (commandline -opc | string match -v -- "-*")[3])'`;
  return `-a ${quoted(kind.replaceAll(",", " "))}`;
}

/** What a value may be: a kind, or the only values themselves, separated by commas. */
function kindOf({ kind, choices }: ParameterDeclaration): string {
  return choices?.join(",") ?? kind;
}

function zshText(text: string): string {
  return text.replace(/[\[\]:\\]/g, "\\$&");
}

/** Quotes a text for a shell: fish has it as others do, but for a quote within. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
