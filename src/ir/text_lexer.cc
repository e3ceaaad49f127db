#include "ir/text_lexer.h"

#include <algorithm>

#include "base/check.h"

namespace intact {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int hex_value(char c) {
  if (is_digit(c)) {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::vector<Token> run() {
    while (!at_end()) {
      next();
    }
    add(TokenKind::End, "end of text");
    return std::move(tokens_);
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  void add(TokenKind kind, std::string text) { tokens_.push_back({kind, std::move(text), line_}); }

  void next() {
    const char c = peek();
    if (c == '\n') {
      if (depth_ == 0) {
        add(TokenKind::Newline, "end of line");
      }
      ++line_;
      ++at_;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      ++at_;
    } else if (c == '#') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == '%') {
      ++at_;
      add(TokenKind::Var, peek() == '"' ? string() : name());
    } else if (c == '"') {
      add(TokenKind::String, string());
    } else if (is_digit(c) || c == '-') {
      add(TokenKind::Number, number());
    } else if (is_letter(c) || c == '_' || c == '@') {
      add(TokenKind::Name, name());
    } else if (std::string_view("=(){}[],:?").find(c) != std::string_view::npos) {
      punctuation(c);
    } else {
      fail(ErrorCode::Format,
           "program text, line {}: unexpected character {}; quote names that hold it",
           line_,
           quoted({&c, 1}));
    }
  }

  void punctuation(char c) {
    const bool is_open = c == '(' || c == '{' || c == '[';
    const bool is_close = c == ')' || c == '}' || c == ']';
    depth_ = std::max(0, depth_ + (is_open ? 1 : 0) - (is_close ? 1 : 0));
    add(TokenKind::Punctuation, std::string(1, c));
    ++at_;
  }

  std::string name() {
    const size_t begin = at_;
    while (!at_end() && is_name_character(peek())) {
      ++at_;
    }
    if (at_ == begin) {
      fail(ErrorCode::Format, "program text, line {}: expected a name after '%'", line_);
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  /// Digits, sign, point, exponent and suffix; the parser judges the whole.
  std::string number() {
    const size_t begin = at_++;
    while (!at_end() &&
           (is_digit(peek()) || is_letter(peek()) || peek() == '.' ||
            (peek() == '-' && text_[at_ - 1] == 'e') || (peek() == '+' && text_[at_ - 1] == 'e'))) {
      ++at_;
    }
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string string() {
    std::string result;
    ++at_;
    while (peek() != '"') {
      if (at_end() || peek() == '\n') {
        fail(ErrorCode::Format,
             "program text, line {}: expected '\"' before the end of line",
             line_);
      }
      if (peek() == '\\') {
        result += escape();
      } else {
        result += text_[at_++];
      }
    }
    ++at_;
    return result;
  }

  char escape() {
    ++at_;
    const char c = peek();
    ++at_;
    switch (c) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      case '"':
      case '\\':
        return c;
      case 'x': {
        const int high = at_ + 1 < text_.size() ? hex_value(text_[at_]) : -1;
        const int low = high >= 0 ? hex_value(text_[at_ + 1]) : -1;
        if (low >= 0) {
          at_ += 2;
          return static_cast<char>(high * 16 + low);
        }
        break;
      }
      default:
        break;
    }
    fail(ErrorCode::Format,
         "program text, line {}: unknown escape in a string; use \\\" \\\\ \\n \\t \\r or \\xHH",
         line_);
  }

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1;
  int depth_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text) {
  return Lexer(text).run();
}

bool is_name_character(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '@' || c == '/' || c == '-';
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) && name.front() != '-' && name.front() != '.' &&
         name.front() != '/' && std::all_of(name.begin(), name.end(), is_name_character);
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      result += {'\\', c};
    } else if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (c == '\r') {
      result += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  result += '"';
  return result;
}

}  // namespace intact
