//! What is computed of several metrics, each by its letter: `(B / A) * 100`?

use serde_json::{Value as Json, json};

use crate::contract::{Error, Result};

/// What Mixpanel computes of the metrics, which are letters by their place: A is the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formula {
    pub expression: String,
    pub label: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Letter(char),
    Number,
    /// `+ * / ^`: only between operands.
    Operator(char),
    Minus,
    Open,
    Close,
}

impl Formula {
    /// Errors: `InvalidArgument` where Mixpanel could not compute it of so many metrics.
    pub fn check(&self, place: &str, metrics: usize) -> Result<()> {
        let refused = |problem: String| Error::argument(place, problem);
        if metrics < 2 {
            return Err(refused(format!("needs at least 2 events, which it calls A and B, but there is {metrics}")));
        }
        let tokens = tokens(&self.expression).map_err(refused)?;
        let letters: Vec<char> = tokens
            .iter()
            .filter_map(|token| if let Token::Letter(letter) = token { Some(*letter) } else { None })
            .collect();
        let last = u32::try_from(metrics)
            .ok()
            .and_then(|count| char::from_u32(u32::from('A') + count - 1))
            .unwrap_or('Z')
            .min('Z');
        match letters.iter().max() {
            None => Err(refused(format!("'{}' names no event. A is the first event, B the second", self.expression))),
            Some(letter) if *letter > last => {
                Err(refused(format!("'{}' names {letter}, but the events are A to {last}", self.expression)))
            }
            _ if !is_complete(&tokens) => Err(refused(format!(
                "'{}' cannot be computed. Use letters, numbers, + - * / ^ and parentheses",
                self.expression
            ))),
            _ => Ok(()),
        }
    }

    pub fn entry(&self) -> Json {
        let mut entry = json!({
            "type": "formula",
            "definition": self.expression,
            "measurement": {},
            "referencedMetrics": [],
        });
        if let Some(label) = &self.label {
            entry["name"] = label.clone().into();
        }
        entry
    }
}

fn tokens(expression: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = expression.chars().peekable();
    while let Some(next) = rest.next() {
        tokens.push(match next {
            ' ' | '\t' => continue,
            'A'..='Z' => Token::Letter(next),
            '-' => Token::Minus,
            '+' | '*' | '/' | '^' => Token::Operator(next),
            '(' => Token::Open,
            ')' => Token::Close,
            '0'..='9' | '.' => {
                while rest.next_if(|next| next.is_ascii_digit() || *next == '.').is_some() {}
                Token::Number
            }
            other => return Err(format!("'{expression}' contains '{other}', which formulas do not support")),
        });
    }
    Ok(tokens)
}

/// Whether operands and operators take turns and each parenthesis has its other one.
fn is_complete(tokens: &[Token]) -> bool {
    let mut depth = 0;
    let mut has_operand = false;
    // A sign before an operand, but not behind `^`.
    let mut may_negate = true;
    for token in tokens {
        match (has_operand, token) {
            (false, Token::Letter(_) | Token::Number) => has_operand = true,
            (false, Token::Open) => (depth, may_negate) = (depth + 1, true),
            (false, Token::Minus) if may_negate => {}
            (true, Token::Close) if depth > 0 => depth -= 1,
            (true, Token::Minus) => (has_operand, may_negate) = (false, true),
            (true, Token::Operator(operator)) => (has_operand, may_negate) = (false, *operator != '^'),
            _ => return false,
        }
    }
    has_operand && depth == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, metrics: usize) -> Result<()> {
        Formula { expression: expression.into(), label: None }.check("formula", metrics)
    }

    #[test]
    fn formulas_that_can_be_computed() {
        for formula in ["A/B", "(B / A) * 100", "-A + B", "A * -B", "((A)) - 1.5", "A ^ 2 + B", "B"] {
            assert_eq!(check(formula, 2), Ok(()), "{formula}");
        }
    }

    #[test]
    fn formulas_that_can_not() {
        for (formula, metrics, problem) in [
            ("A + B", 1, "at least 2 events"),
            ("A + C", 2, "names C, but the events are A to B"),
            ("1 + 2", 2, "names no event"),
            ("A +", 2, "cannot be computed"),
            ("A B", 2, "cannot be computed"),
            ("(A", 2, "cannot be computed"),
            ("A)", 2, "cannot be computed"),
            ("A ^ -B", 2, "cannot be computed"),
            ("A % B", 2, "contains '%'"),
            ("a + B", 2, "contains 'a'"),
        ] {
            let message = check(formula, metrics).unwrap_err().to_string();
            assert!(message.contains("formula: ") && message.contains(problem), "{formula}: {message}");
        }
    }
}
