//! Renders the shop's letters from templates.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

/// Jinja templates of an order's confirmation (text) and an invoice (HTML, escaped).
pub struct Template {
    templates: Environment<'static>,
}

/// Why a call to [`Template`] failed.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// No such template.
    #[error("expected one of the templates {expected}, got `{got}`")]
    Unknown {
        /// What was asked.
        got: String,
        /// The templates that there are.
        expected: String,
    },
    /// A template that is wrong, or lacks a value.
    #[error(transparent)]
    Template(#[from] minijinja::Error),
}

/// Renders the shop's letters from templates.
#[lmms::interface(memory_mb = 2)]
impl Template {
    /// An instance of its own.
    ///
    /// # Errors
    /// What it is made of cannot be read.
    #[load]
    pub fn load() -> Result<Self, TemplateError> {
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        templates.add_filter("money", |cents: i64| format!("{}.{:02}", cents / 100, cents % 100));
        templates.add_template("confirmation.txt", include_str!("../templates/confirmation.txt"))?;
        templates.add_template("invoice.html", include_str!("../templates/invoice.html"))?;
        Ok(Self { templates })
    }

    /// Renders the template called `name`, `confirmation.txt` or `invoice.html`, with `values`.
    #[operation(cached)]
    pub fn render(&self, name: &str, values: Value) -> Result<String, TemplateError> {
        let template = self
            .templates
            .get_template(name)
            .map_err(|_| TemplateError::Unknown { got: name.to_owned(), expected: self.names().join(", ") })?;
        Ok(template.render(values)?)
    }

    fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.templates.templates().map(|(name, _)| name).collect();
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use minijinja::context;

    #[test]
    fn renders_and_escapes_an_invoice() {
        let line = context! { title => "Emma <2nd>", copies => 3, cents => 949 };
        let customer = context! { name => "Ada Abel", city => "Oslo" };
        let values = context! { number => 7, customer, lines => vec![line] };
        let html = Template::load().unwrap().render("invoice.html", values).unwrap();
        assert!(html.contains("Emma &lt;2nd&gt;"), "{html}");
        assert!(html.contains("<td>28.47</td>"), "{html}");
    }

    #[test]
    fn says_what_is_missing() {
        let template = Template::load().unwrap();
        let error = template.render("letter.txt", context! {}).unwrap_err();
        assert_eq!(error.to_string(), "expected one of the templates confirmation.txt, invoice.html, got `letter.txt`");
        let error = template.render("confirmation.txt", context! {}).unwrap_err();
        assert!(error.to_string().contains("undefined value"), "{error}");
    }

    #[test]
    fn renders_a_confirmation() {
        let lines = vec![context! { title => "Emma", copies => 2 }, context! { title => "Kim", copies => 1 }];
        let order = context! { id => "BK-000042", ships => "2025-01-20", lines };
        let values = context! { customer => context! { name => "Ada" }, order };
        let text = Template::load().unwrap().render("confirmation.txt", values).unwrap();
        assert!(text.contains("your order BK-000042 of 2 titles:\n\n  2 x Emma\n  1 x Kim\n"), "{text}");
        assert!(text.ends_with("The bookshop"), "{text}");
    }
}
