using System;
using System.IO;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

/// What Mono makes of the files of a folder.
class Cells
{
    static void Main(string[] arguments)
    {
        var folder = Path.Combine(arguments[0], "files");
        if (!Directory.Exists(folder)) return;
        foreach (var file in Directory.GetFiles(folder))
        {
            var collection = new X509Certificate2Collection();
            var words = "";
            try
            {
                collection.Import(file);
            }
            catch (Exception why)
            {
                words = Regex.Replace(why.GetType().Name + ": " + why.Message, @"\s+", " ");
            }
            var id = Path.GetFileNameWithoutExtension(file);
            Console.WriteLine(string.Join("\t", "mono-6.8", id, collection.Count, words));
        }
    }
}
