/** Units of systemd as a package would bring them, made by shell scripts in a host. */

export const unitText = (lines: string): string => `[Service]\n${lines}\n[Install]\nWantedBy=multi-user.target\n`;

const running = 'ExecStart=/bin/sleep infinity\nExecReload=/bin/sh -c "echo >> /run/reloads"';

/** A script that makes a service; one that runs until it is stopped, if no `lines` say otherwise. */
export const shipped = (name: string, lines: string = running): string =>
  `cat > /lib/systemd/system/${name}.service <<'END'\n${unitText(lines)}END\nsystemctl daemon-reload`;
