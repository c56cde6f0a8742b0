// Light or dark: as the system has it, until the reader chooses.

const KEY = 'modelkin-theme';
const NEXT = { system: 'light', light: 'dark', dark: 'system' };
const listeners = [];

const chosen = () => {
  try { return localStorage.getItem(KEY) ?? 'system'; } catch { return 'system'; }
};

/** Redraw what has colours of its own. */
export const onTheme = listener => listeners.push(listener);

/** A colour of the sheet as the browser resolves it, for charts. */
export function colour(name) {
  const probe = document.createElement('span');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

export function startTheme(button) {
  const apply = theme => {
    document.documentElement.style.colorScheme = theme === 'system' ? '' : theme;
    button.textContent = { system: '◐ Auto', light: '☀ Light', dark: '☾ Dark' }[theme];
    button.setAttribute('aria-label', `Colours: ${theme}. Change to ${NEXT[theme]}.`);
    listeners.forEach(listener => listener());
  };
  button.addEventListener('click', () => {
    const theme = NEXT[chosen()];
    try { localStorage.setItem(KEY, theme); } catch { /* it holds until the page is left */ }
    apply(theme);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => apply(chosen()));
  apply(chosen());
}
