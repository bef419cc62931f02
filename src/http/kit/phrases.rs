//! Words in templates: `t('name', value=…)` in those of one language.

use minijinja::value::Kwargs;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

/// An environment whose templates find words by their names, with values for what stands in braces. What is not there is an error.
pub(crate) fn environment(
    find: impl Fn(&str) -> Option<&'static str> + Send + Sync + 'static,
    templates: &[(&'static str, &'static str)],
) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let t = move |name: &str, values: Kwargs| -> Result<String, Error> {
        let unknown = || Error::new(ErrorKind::InvalidOperation, format!("there are no words named {name}"));
        let mut text = find(name).ok_or_else(unknown)?.to_owned();
        for key in values.args().collect::<Vec<_>>() {
            let value: Value = values.get(key)?;
            text = text.replace(&format!("{{{key}}}"), &value.to_string());
        }
        Ok(text)
    };
    environment.add_function("t", t);
    for (name, text) in templates {
        environment.add_template(name, text)?;
    }
    Ok(environment)
}
