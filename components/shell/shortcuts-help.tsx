'use client'

import { Dialog } from '@/components/ui/dialog'
import { type Shortcut, useKeyboard } from './keyboard'

/** The `?` overlay: every shortcut that works on this page, and the switch. */
export const ShortcutsHelp = ({ onClose }: { onClose: () => void }) => {
  const keyboard = useKeyboard()
  const groups = new Map<string, Shortcut[]>()
  for (const one of keyboard.all()) groups.set(one.group, [...(groups.get(one.group) ?? []), one])
  return (
    <Dialog isOpen onClose={onClose} title="Keyboard" description="Single keys work when no text field has the focus.">
      <div className="grid gap-4 p-4 sm:grid-cols-2">
        {[...groups].map(([group, shortcuts]) => (
          <section key={group}>
            <h3 className="mb-1">{group}</h3>
            <dl className="grid grid-cols-[4.5rem_1fr] gap-y-1">
              {shortcuts.map((one) => (
                <div key={one.keys} className="contents">
                  <dt>
                    {one.keys.split(' ').map((key) => (
                      <kbd key={key} className="mr-1">
                        {key}
                      </kbd>
                    ))}
                  </dt>
                  <dd>{one.label}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <section>
          <h3 className="mb-1">Always</h3>
          <dl className="grid grid-cols-[4.5rem_1fr] gap-y-1">
            <dt>
              <kbd>Ctrl</kbd> <kbd>K</kbd>
            </dt>
            <dd>Find anything</dd>
            <dt>
              <kbd>Esc</kbd>
            </dt>
            <dd>Close what is open</dd>
          </dl>
        </section>
      </div>
      <label className="flex items-center gap-2 border-t border-line px-4 py-3">
        <input type="checkbox" checked={keyboard.isOn} onChange={(event) => keyboard.setOn(event.target.checked)} />
        Single-key shortcuts
      </label>
    </Dialog>
  )
}
