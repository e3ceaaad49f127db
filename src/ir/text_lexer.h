#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace intact {

enum class TokenKind { Name, Var, Number, String, Punctuation, Newline, End };

struct Token {
  TokenKind kind = TokenKind::End;
  std::string text;  // Var without '%', String without quotes and escapes
  int line = 0;
};

/// Ends with one End token. Newlines inside brackets are dropped. Throws: Format.
std::vector<Token> tokenize(std::string_view text);

/// May be written without quotes.
bool is_plain_name(std::string_view name);
bool is_name_character(char c);
/// "..." with escapes \" \\ \n \t \r \xHH; other bytes as they are.
std::string quoted(std::string_view text);

}  // namespace intact
