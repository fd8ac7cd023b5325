/** The controls of a view, made from what it declares: dimensions, sets, single values. */
import { useEffect, useState } from 'react';
import type { ViewInfo, ViewParam } from '../../client/index.js';
import { MultiSelect } from '../../controls/multi-select.js';
import { OrderList } from '../../controls/order-list.js';
import { SomeOf } from '../../controls/segments.js';
import { titleOf } from '../../grid/format.js';
import { setQuery, useAddress, writeList, writeText } from '../../store/address.js';
import { chosenDimensions, chosenValue, chosenValues, isSet } from './selection.js';
import { useChoices } from './choices.js';

/** Up to so many listed values are buttons; more are a list with search. */
const BUTTONS_MOST = 6;

export function ViewControls({ view }: { view: ViewInfo }) {
  const { query } = useAddress();
  const dimensions = chosenDimensions(view, query);
  const sets = view.params.filter(isSet);
  const others = view.params.filter((p) => !isSet(p));
  const many = sets.filter((p) => !p.values || p.values.length > BUTTONS_MOST);
  const few = sets.filter((p) => p.values && p.values.length <= BUTTONS_MOST);
  return (
    <div className="controls" role="group" aria-label="Controls of the view">
      {many.map((param, index) => (
        <span key={param.name} data-key={index === 0 ? 'first-control' : undefined}>
          <ManyOf param={param} />
        </span>
      ))}
      {view.group_by && (
        <OrderList
          label="Group by"
          all={view.group_by.dimensions}
          chosen={dimensions}
          onChange={(next) => setQuery({ group_by: next.join() === view.group_by!.default.join() ? undefined : writeList(next) })}
        />
      )}
      {few.map((param) => {
        const values = param.values!.map(String);
        return (
          <SomeOf
            key={param.name}
            label={titleOf(param.name)}
            choices={values.map((value) => ({ value, label: titleOf(value) }))}
            chosen={chosenValues(param, query) ?? values}
            onChange={(next) => setQuery({ [param.name]: next.length === values.length ? undefined : writeList(next) })}
          />
        );
      })}
      {others.map((param) => <One key={param.name} param={param} />)}
    </div>
  );
}

function ManyOf({ param }: { param: ViewParam }) {
  const { query } = useAddress();
  const choices = useChoices(param);
  return (
    <MultiSelect
      label={titleOf(param.name)}
      choices={choices}
      chosen={chosenValues(param, query)}
      onChange={(next) => setQuery({ [param.name]: next === null ? undefined : writeList(next) })}
    />
  );
}

/** A single value; what is typed counts when Enter is pressed or the field is left. */
function One({ param }: { param: ViewParam }) {
  const { query } = useAddress();
  const chosen = chosenValue(param, query);
  const [text, setText] = useState(chosen);
  useEffect(() => setText(chosen), [chosen]);
  const commit = (value: string): void => setQuery({ [param.name]: value === '' ? undefined : writeText(value) });
  const id = `param-${param.name}`;
  if (param.values) {
    return (
      <div className="control">
        <label className="label" htmlFor={id}>{titleOf(param.name)}</label>
        <select id={id} className="field" value={chosen} onChange={(event) => commit(event.target.value)}>
          {param.values.map((v) => <option key={v} value={v}>{titleOf(String(v))}</option>)}
        </select>
      </div>
    );
  }
  return (
    <div className="control">
      <label className="label" htmlFor={id}>{titleOf(param.name)}</label>
      <input
        id={id}
        className="field"
        style={{ width: `${Math.max(8, text.length + 4)}ch` }}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => commit(text)}
        onKeyDown={(event) => event.key === 'Enter' && commit(text)}
      />
    </div>
  );
}
