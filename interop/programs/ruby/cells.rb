# What Ruby makes of the files of a folder.
require "openssl"

def count(program, file)
  roots, words = yield, ""
rescue OpenSSL::X509::CertificateError => why
  roots, words = 0, why.message
ensure
  puts [program, File.basename(file, ".pem"), roots, words.gsub(/\s+/, " ")].join("\t")
end

puts "version\t#{RUBY_VERSION}"
Dir["#{ARGV[0]}/files/*.pem"].sort.each do |file|
  text = File.binread(file)
  count("ruby-3.1", file) { OpenSSL::X509::Certificate.load(text).size }
  count("ruby-3.1-new", file) { OpenSSL::X509::Certificate.new(text) && 1 }
end
