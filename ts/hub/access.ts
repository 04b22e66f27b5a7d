/** Where the Hugging Face hub is and how to speak to it. */
export interface HubAccess {
  readonly hubUrl?: string;
  readonly accessToken?: string;
}

/** From `HF_ENDPOINT` and `HF_TOKEN`. */
export function hubAccess(env: NodeJS.ProcessEnv): HubAccess {
  const hubUrl = env['HF_ENDPOINT']?.replace(/\/+$/, '');
  const accessToken = env['HF_TOKEN'];
  return { ...(hubUrl && { hubUrl }), ...(accessToken && { accessToken }) };
}

/** Whether `HF_HUB_OFFLINE` forbids to ask it. */
export function isOffline(env: NodeJS.ProcessEnv): boolean {
  return !['', '0', 'false'].includes(env['HF_HUB_OFFLINE'] ?? '');
}
