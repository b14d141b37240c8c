//! Random JSON, and ways to write it.

use serde_json::Value;

/// The same for the same number.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    fn text(&mut self) -> String {
        let characters = ['a', 'b', '"', '\\', '/', '\n', '\u{1}', '\u{7f}', 'é', '\u{2028}', '😀', ' '];
        (0..self.below(4)).map(|_| characters[self.below(characters.len())]).collect()
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 5 } else { 9 }) {
            0 => Value::Null,
            1 => (self.below(2) == 0).into(),
            2 => (self.below(4) as i64 - 2).into(),
            3 | 4 => self.text().into(),
            5 | 6 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => Value::Object((0..self.below(4)).map(|_| (self.text(), self.value(depth - 1))).collect()),
        }
    }

    fn nested(&mut self) -> Value {
        let depth = self.below(4);
        self.value(depth)
    }

    pub(super) fn arguments(&mut self) -> Value {
        let names = ["text", "near", "count"];
        let chosen = names.into_iter().filter(|_| self.below(2) > 0).collect::<Vec<_>>();
        Value::Object(chosen.into_iter().map(|name| (name.to_owned(), self.nested())).collect())
    }

    fn space(&mut self, out: &mut String) {
        for _ in 0..self.below(3) {
            out.push([' ', '\n', '\t', '\r'][self.below(4)]);
        }
    }

    fn write_text(&mut self, text: &str, out: &mut String) {
        out.push('"');
        for character in text.chars() {
            let must = matches!(character, '"' | '\\' | ..' ');
            match self.below(3) {
                0 => (character.encode_utf16(&mut [0; 2]).iter())
                    .for_each(|unit| out.push_str(&format!("\\u{unit:04X}"))),
                1 if character == '\n' => out.push_str("\\n"),
                _ if matches!(character, '"' | '\\' | '/') => out.extend(['\\', character]),
                _ if must => out.push_str(&format!("\\u{:04x}", u32::from(character))),
                _ => out.push(character),
            }
        }
        out.push('"');
    }

    /// Writes a value in one of many ways.
    fn write(&mut self, value: &Value, out: &mut String) {
        self.space(out);
        match value {
            Value::String(text) => self.write_text(text, out),
            Value::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    self.write(item, out);
                }
                self.space(out);
                out.push(']');
            }
            Value::Object(members) => {
                let mut members = members.iter().collect::<Vec<_>>();
                for index in (1..members.len()).rev() {
                    members.swap(index, self.below(index + 1));
                }
                out.push('{');
                for (index, (key, member)) in members.into_iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    self.space(out);
                    self.write_text(key, out);
                    self.space(out);
                    out.push(':');
                    self.write(member, out);
                }
                self.space(out);
                out.push('}');
            }
            scalar => out.push_str(&scalar.to_string()),
        }
        self.space(out);
    }

    pub(super) fn written(&mut self, value: &Value) -> String {
        let mut out = String::new();
        self.write(value, &mut out);
        out
    }
}
