/**
 * The form of an add-on's config.yaml. Facts from Home Assistant developer docs, "App configuration", and the linter of add-ons
 * (frenck/action-addon-linter, November 2026): names, types and values.
 */

import { z } from 'zod';

const texts = z.array(z.string());
const flag = z.boolean();
const port = z.int().min(1).max(65_535);
const folders =
  'addon_config app_config all_addon_configs all_app_configs config homeassistant_config ssl addons local_apps backup share media data';
const folder = z.enum(folders.split(' '));

const FLAGS =
  'advanced audio auth_api devicetree docker_api full_access gpio hassio_api homeassistant_api host_dbus host_ipc host_network host_pid host_uts ingress ingress_stream init journald kernel_modules legacy panel_admin realtime stdin tmpfs uart udev usb video'.split(
    ' ',
  );

export const addonConfig = z.strictObject({
  name: z.string(),
  version: z.string(),
  slug: z.string().regex(/^[-_.A-Za-z0-9]+$/),
  description: z.string(),
  arch: z.array(z.enum(['aarch64', 'amd64', 'armhf', 'armv7', 'i386'])).min(1),
  ...Object.fromEntries(FLAGS.map((name) => [name, flag.optional()])),
  apparmor: z.union([z.string(), flag]).optional(),
  backup: z.enum(['hot', 'cold']).optional(),
  backup_exclude: texts.optional(),
  backup_post: z.string().optional(),
  backup_pre: z.string().optional(),
  boot: z.enum(['auto', 'manual', 'manual_only']).optional(),
  breaking_versions: texts.optional(),
  devices: texts.optional(),
  discovery: texts.optional(),
  environment: z.record(z.string(), z.string()).optional(),
  hassio_role: z.enum(['admin', 'backup', 'default', 'homeassistant', 'manager']).optional(),
  homeassistant: z.string().optional(),
  image: z.string().optional(),
  ingress_entry: z.string().optional(),
  ingress_port: z.int().min(0).max(65_535).optional(),
  machine: texts.optional(),
  map: z.array(z.strictObject({ type: folder, read_only: flag.optional(), path: z.string().optional() })).optional(),
  options: z.record(z.string(), z.unknown()).optional(),
  panel_icon: z.string().optional(),
  panel_title: z.string().optional(),
  ports: z.record(z.string().regex(/^\d+\/(tcp|udp)$/), port.nullable()).optional(),
  ports_description: z.record(z.string(), z.string()).optional(),
  privileged: texts.optional(),
  schema: z.union([z.record(z.string(), z.unknown()), z.literal(false)]).optional(),
  services: z.array(z.string().regex(/^(mqtt|mysql):(provide|want|need)$/)).optional(),
  stage: z.enum(['deprecated', 'experimental', 'stable']).optional(),
  startup: z.enum(['application', 'initialize', 'once', 'services', 'system']).optional(),
  timeout: z.int().optional(),
  ulimits: z.record(z.string(), z.union([z.int(), z.strictObject({ soft: z.int(), hard: z.int() })])).optional(),
  url: z.url().optional(),
  webui: z.string().optional(),
});

/** What holds where nothing is said; to say it is a fault to the linter. */
export const ADDON_DEFAULTS: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(FLAGS.map((name) => [name, name === 'init' || name === 'panel_admin'])),
  apparmor: true,
  backup: 'hot',
  boot: 'auto',
  hassio_role: 'default',
  ingress_port: 8099,
  options: {},
  panel_icon: 'mdi:puzzle',
  schema: {},
  stage: 'stable',
  startup: 'application',
  timeout: 10,
  ulimits: {},
};

/** The container's own health check took the place of the first (supervisor pull request 3725), `uart` that of the second. */
export const ADDON_OBSOLETE = ['watchdog', 'auto_uart'];
